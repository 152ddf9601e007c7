// Channels, rows, turnaround and refresh: schedules worked out by hand, and every schedule against one made burst by
// burst.
#include "npusim/sim/dram_schedule.h"

#include <catch2/catch.hpp>
#include <random>

#include "npusim/sim/burst_dram.h"
#include "support/random_dram.h"

namespace npusim {
namespace {

/// A cycle is 1 ns, a burst of 8 bytes takes one, rows of 64 bytes, two banks, 20 ns to open a row.
DramSpec hand_dram() {
    DramSpec spec;
    spec.bandwidth_mb_s = 8000;
    spec.latency_ns = 0;
    spec.burst_bytes = 8;
    spec.interleave_bytes = 64;
    spec.timing = DramTimingSpec{2, 64, 20, 5, 0, 0};
    return spec;
}

struct Request {
    std::uint64_t now_cycles, address, bytes;
    bool is_write;
};

/// When each is done, all asked of one schedule.
std::vector<std::uint64_t> times_of(const DramSpec& spec, const std::vector<Request>& requests, int clock_mhz = 1000) {
    DramSchedule schedule(spec, clock_mhz);
    std::vector<std::uint64_t> done;
    for (const Request& one : requests) {
        done.push_back(schedule.access(one.now_cycles, one.address, one.bytes, one.is_write));
    }
    return done;
}

DramCounters counts_of(const DramSpec& spec, const std::vector<Request>& requests) {
    DramSchedule schedule(spec, 1000);
    for (const Request& one : requests) {
        (void)schedule.access(one.now_cycles, one.address, one.bytes, one.is_write);
    }
    return schedule.counters();
}

using test::random_dram;
using Times = std::vector<std::uint64_t>;

DramCounters rows(std::uint64_t hits, std::uint64_t misses, std::uint64_t turnarounds = 0,
                  std::uint64_t refreshes = 0) {
    DramCounters counters;
    counters.row_hits = hits;
    counters.row_misses = misses;
    counters.turnarounds = turnarounds;
    counters.refreshes = refreshes;
    return counters;
}

/// As the DMA asks: the cycle never goes back, small and large accesses, some to where others were.
std::vector<Request> random_requests(std::mt19937_64& random, std::size_t count) {
    std::vector<Request> requests;
    std::uint64_t now = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (random() % 3 != 0) now += random() % (random() % 8 == 0 ? 20'000 : 300);
        const std::uint64_t address = random() % 2 == 0 ? random() % 4096 : random() % 1'000'000;
        requests.push_back({now, address, 1 + random() % (random() % 6 == 0 ? 20'000 : 600), random() % 3 == 0});
    }
    return requests;
}

}  // namespace

TEST_CASE(
    "A closed row costs its time once, other bursts of the row cost nothing, another row of the bank costs again") {
    const std::vector<Request> requests{{0, 0, 16, false}, {0, 16, 8, false}, {0, 128, 8, false}, {0, 0, 8, false}};
    // Opened by 20, moved by 22; hit by 23; row 2 lies in bank 0 too: opened by 43; then row 0 again, by 64.
    CHECK(times_of(hand_dram(), requests) == Times{22, 23, 44, 65});
    CHECK(counts_of(hand_dram(), requests) == rows(2, 3));
}

TEST_CASE("Within one access the other bank opens its row while the bus moves the first one's bursts") {
    // Both rows open by 20: 16 bursts without a gap. A third row waits for the first one's last burst, at 28.
    CHECK(times_of(hand_dram(), {{0, 0, 128, false}}) == Times{36});
    CHECK(times_of(hand_dram(), {{0, 0, 192, false}}) == Times{28 + 20 + 8});
    DramSpec four_banks = hand_dram();
    four_banks.timing->banks = 4;
    CHECK(times_of(four_banks, {{0, 0, 192, false}}) == Times{44});
    CHECK(counts_of(four_banks, {{0, 0, 192, false}}) == rows(21, 3));
}

TEST_CASE("An access does not open rows before those asked for earlier have left the bus") {
    CHECK(times_of(hand_dram(), {{0, 0, 64, false}, {0, 64, 64, false}}) == Times{28, 28 + 20 + 8});
    // The second bank's row stayed open.
    CHECK(times_of(hand_dram(), {{0, 0, 128, false}, {0, 64, 64, false}}) == Times{36, 44});
}

TEST_CASE("Between a read and a write the channel's bus rests, unless it has rested already") {
    const std::vector<Request> close{{0, 0, 8, false}, {0, 8, 8, true}, {0, 16, 8, true}, {0, 24, 8, false}};
    CHECK(times_of(hand_dram(), close) == Times{21, 27, 28, 34});
    CHECK(counts_of(hand_dram(), close) == rows(3, 1, 2));
    CHECK(times_of(hand_dram(), {{0, 0, 8, false}, {24, 8, 8, true}}) == Times{21, 27});
    CHECK(times_of(hand_dram(), {{0, 0, 8, false}, {40, 8, 8, true}}) == Times{21, 41});
    // A row opens meanwhile.
    CHECK(times_of(hand_dram(), {{0, 0, 8, false}, {0, 64, 8, true}}) == Times{21, 42});
}

TEST_CASE("A refresh in the middle of an access lets it wait and closes the rows") {
    DramSpec spec = hand_dram();
    spec.timing->refresh_interval_ns = 100;
    spec.timing->refresh_ns = 30;
    // Bursts begin at 90, 91, ... 99 and 20 after the refresh that ends at 130: row 0 has 2 left, row 1 its 8.
    spec.timing->banks = 4;
    spec.timing->row_bytes = 128;
    const std::vector<Request> requests{{70, 0, 96, false}};
    CHECK(times_of(spec, requests) == Times{130 + 20 + 2});
    CHECK(counts_of(spec, requests) == rows(10, 2, 0, 1));
    // The row that has been opened ahead must be opened again, and both open together.
    CHECK(times_of(spec, {{70, 0, 160, false}}) == Times{130 + 20 + 10});
    CHECK(counts_of(spec, {{70, 0, 160, false}}) == rows(17, 3, 0, 1));
    // A row that would open at the refresh opens after it.
    CHECK(times_of(spec, {{80, 0, 8, false}}) == Times{151});
    CHECK(times_of(spec, {{79, 0, 8, false}}) == Times{100});
}

TEST_CASE("A refresh waits for the burst on the bus, and one without an access closes the rows unnoticed") {
    DramSpec spec = hand_dram();
    spec.timing->refresh_interval_ns = 100;
    spec.timing->refresh_ns = 30;
    spec.burst_bytes = 64;  // 8 cycles: at 92, and at 108 + 20 + 30 once refreshed from 100 on
    CHECK(times_of(spec, {{72, 0, 64, false}, {72, 0, 64, false}}) == Times{100, 158});
    spec.timing->row_miss_ns = 21;
    CHECK(times_of(spec, {{72, 0, 64, false}, {72, 0, 64, false}}) == Times{101, 101 + 30 + 21 + 8});
    CHECK(counts_of(spec, {{72, 0, 64, false}, {72, 0, 64, false}}) == rows(0, 2, 0, 1));
    const std::vector<Request> apart{{0, 0, 64, false}, {150, 0, 64, false}, {1'000'050, 0, 64, false}};
    CHECK(times_of(spec, apart) == Times{29, 179, 1'000'079});
    CHECK(counts_of(spec, apart) == rows(0, 3));
}

TEST_CASE("Two channels take turns by interleave, each with half of the bandwidth and with rows of its own") {
    DramSpec spec = hand_dram();
    spec.channels = 2;
    // A burst takes 2 cycles. Bytes 0-63 and 128-191 are channel 0's first two rows, 64-127 channel 1's first.
    CHECK(times_of(spec, {{0, 0, 64, false}}) == Times{36});
    CHECK(times_of(spec, {{0, 0, 128, false}}) == Times{36});
    CHECK(times_of(spec, {{0, 0, 192, false}}) == Times{52});
    CHECK(counts_of(spec, {{0, 0, 192, false}}) == rows(21, 3));
    // The second access finds channel 1 free.
    CHECK(times_of(spec, {{0, 0, 64, false}, {0, 64, 8, true}}) == Times{36, 22});
    spec.timing.reset();
    CHECK(times_of(spec, {{0, 0, 192, false}, {0, 64, 8, false}}) == Times{32, 18});
}

TEST_CASE("Row by row the machine's DRAM does what it does burst by burst, for random accesses to random chips") {
    std::mt19937_64 random(20'251);
    DramCounters seen;
    for (int round = 0; round < 400; ++round) {
        const DramSpec spec = random_dram(random);
        const int clock_mhz = 1 + static_cast<int>(random() % 2000);
        DramSchedule schedule(spec, clock_mhz);
        BurstDram reference(spec, clock_mhz);
        for (const Request& one : random_requests(random, 60)) {
            INFO("round " << round << ", address " << one.address);
            const std::uint64_t done = schedule.access(one.now_cycles, one.address, one.bytes, one.is_write);
            REQUIRE(done == static_cast<std::uint64_t>(reference.access(
                                static_cast<std::int64_t>(one.now_cycles), static_cast<std::int64_t>(one.address),
                                static_cast<std::int64_t>(one.bytes), one.is_write)));
            REQUIRE(schedule.counters() == reference.counters());
        }
        seen += schedule.counters();
    }
    for (const std::uint64_t counted : {seen.row_hits, seen.row_misses, seen.turnarounds, seen.refreshes}) {
        CHECK(counted > 1000);
    }
}

TEST_CASE("Every layer begins with closed rows, a free bus and no refresh near") {
    std::mt19937_64 random(7);
    for (int round = 0; round < 50; ++round) {
        const DramSpec spec = random_dram(random);
        const std::vector<Request> requests = random_requests(random, 30);
        DramSchedule schedule(spec, 500);
        for (const Request& one : random_requests(random, 30)) {
            (void)schedule.access(one.now_cycles, one.address, one.bytes, one.is_write);
        }
        schedule.begin_layer();
        DramSchedule fresh(spec, 500);
        for (const Request& one : requests) {
            REQUIRE(schedule.access(one.now_cycles, one.address, one.bytes, one.is_write) ==
                    fresh.access(one.now_cycles, one.address, one.bytes, one.is_write));
        }
        CHECK(schedule.counters() == fresh.counters());
    }
}

TEST_CASE("Timing in which nothing takes time is no timing") {
    std::mt19937_64 random(8);
    for (int round = 0; round < 100; ++round) {
        DramSpec none = random_dram(random);
        none.timing.reset();
        DramSpec zero = none;
        zero.timing = DramTimingSpec{4, none.burst_bytes * 4, 0, 0, 0, 0};
        const std::vector<Request> requests = random_requests(random, 40);
        CHECK(times_of(zero, requests, 700) == times_of(none, requests, 700));
    }
}

TEST_CASE("Without refresh no access is later for more bandwidth, more channels of the old speed, or shorter times") {
    std::mt19937_64 random(9);
    for (int round = 0; round < 200; ++round) {
        DramSpec base = random_dram(random);
        if (base.timing) base.timing->refresh_interval_ns = 0;
        const std::vector<Request> requests = random_requests(random, 40);
        const Times before = times_of(base, requests, 800);
        const auto check = [&](const char* what, const auto& change) {
            DramSpec better = base;
            change(better);
            const Times after = times_of(better, requests, 800);
            INFO(what << ", round " << round);
            for (std::size_t i = 0; i < requests.size(); ++i) REQUIRE(after[i] <= before[i]);
        };
        check("bandwidth", [](DramSpec& spec) { spec.bandwidth_mb_s *= 3; });
        if (!base.timing) {
            check("channels", [](DramSpec& spec) {
                spec.channels *= 2;
                spec.bandwidth_mb_s *= 2;
            });
            continue;
        }
        check("rows", [](DramSpec& spec) { spec.timing->row_miss_ns /= 2; });
        check("turnaround", [](DramSpec& spec) { spec.timing->turnaround_ns /= 2; });
        check("none", [](DramSpec& spec) { spec.timing.reset(); });
    }
}

}  // namespace npusim
