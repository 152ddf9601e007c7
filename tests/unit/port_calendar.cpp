// Who gets the ports of a buffer when units meet there: by hand, and against a walk access by access.
#include "npusim/sim/port_calendar.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <utility>

namespace npusim {
namespace {

BufferSpec one_port() {
    BufferSpec buffer;
    buffer.banks = 1;
    return buffer;
}

/// The same rules for each access alone: the i-th of n is due in the working cycle ⌈i · cycles / n⌉ − 1, and a working
/// cycle ends with the last access that is due in it.
class AccessByAccess {
public:
    explicit AccessByAccess(std::uint64_t ports) : ports_(ports) {}

    std::uint64_t book(std::uint64_t begin, std::uint64_t cycles, const HalfAccesses& accesses) {
        std::map<std::uint64_t, std::array<std::uint64_t, 2>> due;  // by working cycle
        for (std::size_t half = 0; half < 2; ++half) {
            for (std::uint64_t i = 1; i <= accesses[half]; ++i) {
                ++due[(i * cycles + accesses[half] - 1) / accesses[half] - 1][half];
            }
        }
        std::uint64_t stood = 0;
        for (const auto& [working, wanted] : due) {
            const std::uint64_t earliest = begin + working + stood;
            std::uint64_t last = earliest;
            for (std::size_t half = 0; half < 2; ++half) {
                for (std::uint64_t i = 0; i < wanted[half]; ++i) last = std::max(last, first_free(half, earliest));
            }
            stood += last - earliest;
        }
        return stood;
    }
    [[nodiscard]] std::uint64_t most_in_a_cycle() const {
        std::uint64_t most = 0;
        for (const auto& [place, count] : booked_) most = std::max(most, count);
        return most;
    }

private:
    std::uint64_t first_free(std::size_t half, std::uint64_t cycle) {
        while (booked_[{half, cycle}] == ports_) ++cycle;
        ++booked_[{half, cycle}];
        return cycle;
    }

    std::uint64_t ports_;
    std::map<std::pair<std::size_t, std::uint64_t>, std::uint64_t> booked_;
};

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

TEST_CASE("A new layer finds every port free") {
    PortCalendar calendar(one_port(), false);
    CHECK(calendar.book(0, 0, 100, {100, 0}) == 0);
    calendar.begin_layer();
    CHECK(calendar.book(50, 50, 10, {10, 0}) == 0);
}

TEST_CASE("Random bookings come out as a walk access by access has them, and no cycle has more than its ports") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        INFO("seed " << seed);
        std::mt19937_64 random(seed);
        const auto below = [&](std::uint64_t end) { return random() % end; };
        BufferSpec buffer;
        buffer.banks = 2 << below(3);
        buffer.ports = static_cast<int>(1 + below(2));
        PortCalendar calendar(buffer, true);
        AccessByAccess reference(static_cast<std::uint64_t>(buffer.banks / 2 * buffer.ports));
        std::uint64_t now = 0;
        std::uint64_t stood_at_all = 0;
        for (int i = 0; i < 60; ++i) {
            now += below(30);
            const std::uint64_t begin = now + (below(3) == 0 ? below(40) : 0);
            const std::uint64_t cycles = 1 + below(50);
            const HalfAccesses accesses{below(2) * below(4 * cycles), below(2) * below(4 * cycles)};
            const std::uint64_t stood = calendar.book(now, begin, cycles, accesses);
            CHECK(stood == reference.book(begin, cycles, accesses));
            stood_at_all += stood;
        }
        CHECK(reference.most_in_a_cycle() <= static_cast<std::uint64_t>(buffer.banks / 2 * buffer.ports));
        if (buffer.banks == 2 && buffer.ports == 1) CHECK(stood_at_all > 0);
    }
}

}  // namespace npusim
