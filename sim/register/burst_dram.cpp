#include "npusim/sim/burst_dram.h"

#include <algorithm>

namespace npusim {

BurstDram::BurstDram(const DramSpec& spec, int clock_mhz)
    : spec_(spec),
      cycle_(1000 * spec.bandwidth_mb_s),
      ns_(spec.bandwidth_mb_s * clock_mhz),
      burst_(std::int64_t{1000} * clock_mhz * spec.channels * spec.burst_bytes) {
    begin_layer();
}

void BurstDram::begin_layer() {
    channels_.assign(static_cast<std::size_t>(spec_.channels), {});
    for (Channel& channel : channels_) channel.refresh_due = timing().refresh_interval_ns * ns_;
    counters_ = {};
    moved_bytes_ = 0;
}

std::int64_t BurstDram::access(std::int64_t now_cycles, std::int64_t address, std::int64_t bytes, bool is_write) {
    const std::int64_t asked = now_cycles * cycle_;
    std::int64_t done = 0;
    for (Channel& channel : channels_) channel.begins_access = true;
    for (std::int64_t burst = address / spec_.burst_bytes; burst * spec_.burst_bytes < address + bytes; ++burst) {
        moved_bytes_ += spec_.burst_bytes;
        if (spec_.ideal) continue;
        const std::int64_t first_byte = burst * spec_.burst_bytes;
        const std::int64_t unit = first_byte / spec_.interleave_bytes;
        Channel& channel = channels_[static_cast<std::size_t>(unit % spec_.channels)];
        if (channel.begins_access) begin_access(channel, asked, is_write);
        move(channel, asked, unit / spec_.channels * spec_.interleave_bytes + first_byte % spec_.interleave_bytes);
        done = std::max(done, channel.data_end);
    }
    if (spec_.ideal) return now_cycles;
    return whole_cycles(done) + whole_cycles(std::int64_t{spec_.latency_ns} * ns_);
}

void BurstDram::begin_access(Channel& channel, std::int64_t asked, bool is_write) {
    channel.begins_access = false;
    const bool turns = channel.wrote.value_or(is_write) != is_write;
    channel.wrote = is_write;
    channel.open_from = std::max(asked, channel.data_end);
    channel.data_from = std::max(asked, channel.data_end + (turns ? timing().turnaround_ns * ns_ : 0));
    if (spec_.timing && turns) ++counters_.turnarounds;
}

/// One burst, behind every refresh that falls due before it can begin.
void BurstDram::move(Channel& channel, std::int64_t asked, std::int64_t place) {
    const std::int64_t row = place / timing().row_bytes;
    const std::int64_t bank = row % timing().banks;
    while (true) {
        const auto open = channel.rows.find(bank);
        const bool hits = open != channel.rows.end() && open->second == row;
        const std::int64_t opened =
            hits ? 0 : std::max(channel.open_from, channel.data_ends[bank]) + timing().row_miss_ns * ns_;
        const std::int64_t begin = std::max({channel.data_from, channel.data_end, opened, channel.refresh_end});
        if (timing().refresh_interval_ns > 0 && channel.refresh_due <= begin) {
            refresh(channel, asked);
            continue;
        }
        channel.data_end = channel.data_ends[bank] = begin + burst_;
        channel.rows[bank] = row;
        if (spec_.timing) ++(hits ? counters_.row_hits : counters_.row_misses);
        return;
    }
}

void BurstDram::refresh(Channel& channel, std::int64_t asked) {
    channel.refresh_end =
        std::max({channel.refresh_due, channel.data_end, channel.refresh_end}) + timing().refresh_ns * ns_;
    channel.refresh_due += timing().refresh_interval_ns * ns_;
    channel.open_from = std::max(channel.open_from, channel.refresh_end);
    channel.rows.clear();
    counters_.refreshes += channel.refresh_end > asked ? 1 : 0;
}

}  // namespace npusim
