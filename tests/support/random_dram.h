// Random DRAM: channels, rows, turnaround, refresh, or none of them.
#pragma once

#include <random>

#include "npusim/arch/arch_spec.h"

namespace npusim::test {

/// Refreshes leave time for a row.
inline DramSpec random_dram(std::mt19937_64& random) {
    const auto between = [&](int low, int high) {
        return low + static_cast<int>(random() % static_cast<std::uint64_t>(high - low + 1));
    };
    DramSpec spec;
    spec.bandwidth_mb_s = between(100, 20000);
    spec.latency_ns = between(0, 200);
    spec.burst_bytes = 8 << between(0, 5);
    spec.channels = 1 << between(0, 3);
    spec.interleave_bytes = spec.burst_bytes << between(0, 4);
    if (between(0, 5) == 0) return spec;
    DramTimingSpec timing;
    timing.banks = 1 << between(0, 3);
    timing.row_bytes = std::max(64, spec.burst_bytes << between(0, 4));
    timing.row_miss_ns = between(0, 60);
    timing.turnaround_ns = between(0, 30);
    timing.refresh_ns = between(0, 150);
    timing.refresh_interval_ns = between(0, 3) == 0 ? 0 : timing.refresh_ns + timing.row_miss_ns + between(1, 1200);
    spec.timing = timing;
    return spec;
}

}  // namespace npusim::test
