// Who gets the ports of a buffer when units meet there: by hand, and against the arbiter that serves every access.
#include "npusim/sim/port_calendar.h"

#include <catch2/catch.hpp>
#include <random>
#include <utility>
#include <vector>

#include "npusim/sim/port_arbiter.h"

namespace npusim {
namespace {

BufferSpec one_port() {
    BufferSpec buffer;
    buffer.banks = 1;
    return buffer;
}

}  // namespace

TEST_CASE("A command that meets nobody stands still only where its accesses do not fit its cycles") {
    PortCalendar calendar(one_port(), false);
    CHECK(calendar.book(0, 0, 10, {10, 0}) == 0);
    CHECK(calendar.book(20, 20, 10, {3, 0}) == 0);
    CHECK(calendar.book(40, 40, 4, {9, 0}) == 5);  // nine accesses through one port
}

TEST_CASE("Who asks later takes the cycles that are left") {
    PortCalendar calendar(one_port(), false);
    CHECK(calendar.book(0, 0, 4, {2, 0}) == 0);  // cycles 1 and 3
    CHECK(calendar.book(0, 0, 4, {4, 0}) == 2);  // cycles 0, 2, 4 and 5
    CHECK(calendar.book(1, 1, 1, {1, 0}) == 5);  // cycle 6
    CHECK(calendar.book(7, 7, 1, {1, 0}) == 0);
}

TEST_CASE("Commands in different halves do not meet, and slots take the halves in turn") {
    BufferSpec buffer = one_port();
    buffer.banks = 2;
    PortCalendar calendar(buffer, true);
    CHECK(calendar.in_slot(5, 0, 100) == HalfAccesses{5, 0});
    CHECK(calendar.in_slot(5, 199, 100) == HalfAccesses{0, 5});
    CHECK(calendar.in_slot(5, 200, 100) == HalfAccesses{5, 0});
    CHECK(calendar.across(5) == HalfAccesses{3, 2});
    CHECK(calendar.book(0, 0, 4, {4, 0}) == 0);
    CHECK(calendar.book(0, 0, 4, {0, 4}) == 0);
    CHECK(calendar.book(0, 0, 4, {1, 1}) == 1);  // both are due in cycle 3, and wait for cycle 4
    CHECK(PortCalendar(buffer, false).in_slot(5, 199, 100) == HalfAccesses{5, 0});
    CHECK(PortCalendar(buffer, false).across(5) == HalfAccesses{5, 0});
}

TEST_CASE("A second port, or more banks, serve two commands in one cycle") {
    for (const auto& [banks, ports] : {std::pair{1, 2}, std::pair{2, 1}}) {
        BufferSpec buffer;
        buffer.banks = banks;
        buffer.ports = ports;
        PortCalendar calendar(buffer, false);
        CHECK(calendar.book(0, 0, 8, {8, 0}) == 0);
        CHECK(calendar.book(0, 0, 8, {8, 0}) == 0);
        CHECK(calendar.book(0, 0, 8, {8, 0}) == 8);
    }
}

TEST_CASE("Random bookings come out as an arbiter has them that serves access by access in every cycle") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        INFO("seed " << seed);
        std::mt19937_64 random(seed);
        const auto below = [&](std::uint64_t end) { return random() % end; };
        BufferSpec buffer;
        buffer.banks = 2 << below(3);
        buffer.ports = static_cast<int>(1 + below(2));
        PortCalendar calendar(buffer, true);
        PortArbiter arbiter(buffer, true);
        std::vector<std::pair<std::uint64_t, std::shared_ptr<const PortRequest>>> booked;
        std::uint64_t now = 0;
        const auto pass = [&](std::uint64_t cycles) {
            for (; cycles > 0; --cycles) arbiter.cycle(now++);
        };
        for (int i = 0; i < 60; ++i) {
            pass(below(30));
            const std::uint64_t begin = now + (below(3) == 0 ? below(40) : 0);
            const std::uint64_t cycles = 1 + below(50);
            const HalfAccesses accesses{below(2) * below(4 * cycles), below(2) * below(4 * cycles)};
            const std::uint64_t stood = calendar.book(now, begin, cycles, accesses);
            PortRequest request;
            request.begin_cycles = begin;
            request.working_cycles = cycles;
            request.accesses = accesses;
            booked.emplace_back(stood, arbiter.ask(request));
        }
        std::uint64_t stood_at_all = 0;
        for (const auto& [stood, request] : booked) {
            while (!request->is_through()) pass(1);
            CHECK(stood == request->stood_cycles);
            CHECK(request->through == request->accesses);
            stood_at_all += stood;
        }
        if (buffer.banks == 2 && buffer.ports == 1) CHECK(stood_at_all > 0);
    }
}

TEST_CASE("Calendar and arbiter find the same halves for slots and for what lies across") {
    for (const bool double_buffering : {false, true}) {
        const PortCalendar calendar(one_port(), double_buffering);
        const PortArbiter arbiter(one_port(), double_buffering);
        for (std::uint64_t address = 0; address < 500; address += 7) {
            CHECK(calendar.in_slot(9, address, 100) == arbiter.to_slot(9, address, 100));
            CHECK(calendar.across(address) == arbiter.to_both(address));
        }
        CHECK(calendar.in_slot(9, 300, 0) == arbiter.to_slot(9, 300, 0));
    }
}

}  // namespace npusim
