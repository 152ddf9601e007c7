#include "npusim/sim/dram_schedule.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "npusim/base/integer_math.h"

namespace npusim {
namespace {

constexpr std::uint64_t kNsPerUs = 1000;

std::uint64_t positive(std::int64_t value) {
    return static_cast<std::uint64_t>(value);
}

}  // namespace

DramSchedule::DramSchedule(const DramSpec& spec, int clock_mhz)
    : ideal_(spec.ideal),
      burst_bytes_(positive(spec.burst_bytes)),
      interleave_bytes_(positive(spec.interleave_bytes)),
      latency_cycles_(ceil_div(positive(spec.latency_ns) * positive(clock_mhz), kNsPerUs)) {
    // A cycle is 1 / clock µs, a byte of one of k channels k / bandwidth µs, a nanosecond 1 / 1000 µs.
    const std::uint64_t channels = positive(spec.channels);
    const std::uint64_t clock = positive(clock_mhz);
    const std::uint64_t bandwidth = positive(spec.bandwidth_mb_s);
    const std::uint64_t parts = spec.timing ? kNsPerUs : 1;
    const std::uint64_t ns_units = spec.timing ? clock * bandwidth : 0;
    const std::uint64_t divisor = std::gcd(std::gcd(bandwidth, clock * channels) * parts, ns_units);
    const std::uint64_t common = std::max<std::uint64_t>(1, divisor);
    cycle_ = bandwidth * parts / common;
    const std::uint64_t burst = burst_bytes_ * (clock * channels * parts / common);
    std::optional<DramTimes> times;
    if (spec.timing) {
        const DramTimingSpec& timing = *spec.timing;
        if (timing.refresh_interval_ns > 0 && timing.refresh_ns + timing.row_miss_ns >= timing.refresh_interval_ns) {
            throw std::logic_error("no row can be used between two refreshes");
        }
        const auto from_ns = [&](int ns) { return positive(ns) * (ns_units / common); };
        times = {positive(timing.banks),        positive(timing.row_bytes),          from_ns(timing.row_miss_ns),
                 from_ns(timing.turnaround_ns), from_ns(timing.refresh_interval_ns), from_ns(timing.refresh_ns)};
    }
    channels_.assign(channels, DramChannel(burst_bytes_, burst, times));
}

void DramSchedule::begin_layer() {
    for (DramChannel& channel : channels_) channel.begin_layer();
    counters_ = {};
}

std::uint64_t DramSchedule::below(std::uint64_t address, std::uint64_t channel) const {
    const std::uint64_t round = interleave_bytes_ * channels_.size();
    const std::uint64_t before = channel * interleave_bytes_;
    const std::uint64_t place = address % round;
    const std::uint64_t partly = place < before ? 0 : std::min(place - before, interleave_bytes_);
    return address / round * interleave_bytes_ + partly;
}

std::uint64_t DramSchedule::access(std::uint64_t now_cycles, std::uint64_t address, std::uint64_t bytes,
                                   bool is_write) {
    if (ideal_) return now_cycles;
    const std::uint64_t begin = address / burst_bytes_ * burst_bytes_;
    const std::uint64_t end = round_up(address + bytes, burst_bytes_);
    const std::uint64_t first = begin / interleave_bytes_;
    const std::uint64_t touched = std::min<std::uint64_t>(channels_.size(), (end - 1) / interleave_bytes_ - first + 1);
    std::uint64_t done = 0;
    for (std::uint64_t i = 0; i < touched; ++i) {
        const std::uint64_t channel = (first + i) % channels_.size();
        const std::uint64_t place = below(begin, channel);
        const std::uint64_t bursts = (below(end, channel) - place) / burst_bytes_;
        done = std::max(done, channels_[channel].move(now_cycles * cycle_, place, bursts, is_write, counters_));
    }
    return ceil_div(done, cycle_) + latency_cycles_;
}

}  // namespace npusim
