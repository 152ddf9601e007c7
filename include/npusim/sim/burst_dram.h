// DRAM at register level, a burst at a time: slow, and sharing nothing with the schedule of the fast machine.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/arch/counters.h"

namespace npusim {

/// Every channel has a bus, banks with an open row each, and a refresh that falls due at fixed times. Times count from
/// the layer's beginning, in units that divide a cycle, a nanosecond and a burst.
class BurstDram {
public:
    BurstDram(const DramSpec& spec, int clock_mhz);

    /// Rows closed and buses free; the present time becomes 0.
    void begin_layer();
    /// The cycle in which an access of at least one byte is complete. Accesses are asked for in order.
    [[nodiscard]] std::int64_t access(std::int64_t now_cycles, std::int64_t address, std::int64_t bytes, bool is_write);
    /// Rows, turnarounds and refreshes since begin_layer; zeros where the chip has no DRAM timing.
    [[nodiscard]] const DramCounters& counters() const { return counters_; }
    /// What the bursts since begin_layer have moved.
    [[nodiscard]] std::int64_t moved_bytes() const { return moved_bytes_; }

private:
    struct Channel {
        std::int64_t data_end = 0;   ///< of the last burst
        std::int64_t open_from = 0;  ///< rows may be opened for the present access
        std::int64_t data_from = 0;  ///< the bus may carry it
        std::int64_t refresh_due = 0;
        std::int64_t refresh_end = 0;
        std::map<std::int64_t, std::int64_t> rows;       ///< open ones, by bank
        std::map<std::int64_t, std::int64_t> data_ends;  ///< by bank
        std::optional<bool> wrote;
        bool begins_access = true;
    };

    [[nodiscard]] DramTimingSpec timing() const { return spec_.timing.value_or(DramTimingSpec{1, 64, 0, 0, 0, 0}); }
    [[nodiscard]] std::int64_t whole_cycles(std::int64_t units) const { return (units + cycle_ - 1) / cycle_; }
    void begin_access(Channel& channel, std::int64_t asked, bool is_write);
    void move(Channel& channel, std::int64_t asked, std::int64_t place);
    void refresh(Channel& channel, std::int64_t asked);

    DramSpec spec_;
    std::int64_t cycle_, ns_, burst_;  ///< in units of time
    std::vector<Channel> channels_;
    DramCounters counters_;
    std::int64_t moved_bytes_ = 0;
};

}  // namespace npusim
