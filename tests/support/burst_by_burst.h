// DRAM one burst at a time, by the rules as docs/machine.md tells them: slow, and sharing nothing with the machine's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/arch/counters.h"

namespace npusim::test {

class BurstByBurst {
public:
    BurstByBurst(const DramSpec& spec, int clock_mhz)
        : spec_(spec),
          cycle_(1000 * spec.bandwidth_mb_s),
          ns_(spec.bandwidth_mb_s * clock_mhz),
          burst_(std::int64_t{1000} * clock_mhz * spec.channels * spec.burst_bytes),
          channels_(static_cast<std::size_t>(spec.channels)) {
        for (Channel& channel : channels_) channel.refresh_due = timing().refresh_interval_ns * ns_;
    }

    /// The cycle in which the access is complete.
    std::int64_t access(std::int64_t now_cycles, std::int64_t address, std::int64_t bytes, bool is_write) {
        const std::int64_t asked = now_cycles * cycle_;
        std::int64_t done = 0;
        for (Channel& channel : channels_) channel.begin_access = true;
        for (std::int64_t burst = address / spec_.burst_bytes; burst <= (address + bytes - 1) / spec_.burst_bytes;
             ++burst) {
            const std::int64_t first_byte = burst * spec_.burst_bytes;
            const std::int64_t unit = first_byte / spec_.interleave_bytes;
            Channel& channel = channels_[static_cast<std::size_t>(unit % spec_.channels)];
            if (channel.begin_access) begin(channel, asked, is_write);
            move(channel, asked, unit / spec_.channels * spec_.interleave_bytes + first_byte % spec_.interleave_bytes);
            done = std::max(done, channel.data_end);
        }
        const std::int64_t latency = (std::int64_t{spec_.latency_ns} * ns_ + cycle_ - 1) / cycle_;
        return (done + cycle_ - 1) / cycle_ + latency;
    }
    [[nodiscard]] const DramCounters& counters() const { return counters_; }

private:
    struct Channel {
        std::int64_t data_end = 0;
        std::int64_t open_from = 0;
        std::int64_t data_from = 0;
        std::int64_t refresh_due = 0;
        std::int64_t refresh_end = 0;
        std::map<std::int64_t, std::int64_t> rows;       ///< of banks
        std::map<std::int64_t, std::int64_t> data_ends;  ///< of banks
        std::optional<bool> wrote;
        bool begin_access = true;
    };

    [[nodiscard]] DramTimingSpec timing() const { return spec_.timing.value_or(DramTimingSpec{1, 64, 0, 0, 0, 0}); }

    void begin(Channel& channel, std::int64_t asked, bool is_write) {
        channel.begin_access = false;
        const bool turns = channel.wrote.value_or(is_write) != is_write;
        channel.wrote = is_write;
        channel.open_from = std::max(asked, channel.data_end);
        channel.data_from = std::max(asked, channel.data_end + (turns ? timing().turnaround_ns * ns_ : 0));
        if (spec_.timing) counters_.turnarounds += turns ? 1 : 0;
    }

    void move(Channel& channel, std::int64_t asked, std::int64_t place) {
        const std::int64_t row = place / timing().row_bytes;
        const std::int64_t bank = row % timing().banks;
        while (true) {
            const auto open = channel.rows.find(bank);
            const bool hit = open != channel.rows.end() && open->second == row;
            const std::int64_t opened =
                hit ? 0 : std::max(channel.open_from, channel.data_ends[bank]) + timing().row_miss_ns * ns_;
            const std::int64_t begin = std::max({channel.data_from, channel.data_end, opened, channel.refresh_end});
            if (timing().refresh_interval_ns > 0 && channel.refresh_due <= begin) {
                refresh(channel, asked);
                continue;
            }
            channel.data_end = channel.data_ends[bank] = begin + burst_;
            channel.rows[bank] = row;
            if (spec_.timing) ++(hit ? counters_.row_hits : counters_.row_misses);
            return;
        }
    }

    void refresh(Channel& channel, std::int64_t asked) {
        channel.refresh_end =
            std::max({channel.refresh_due, channel.data_end, channel.refresh_end}) + timing().refresh_ns * ns_;
        channel.refresh_due += timing().refresh_interval_ns * ns_;
        channel.open_from = std::max(channel.open_from, channel.refresh_end);
        channel.rows.clear();
        counters_.refreshes += channel.refresh_end > asked ? 1 : 0;
    }

    const DramSpec spec_;
    std::int64_t cycle_, ns_, burst_;
    std::vector<Channel> channels_;
    DramCounters counters_;
};

}  // namespace npusim::test
