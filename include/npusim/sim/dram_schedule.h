// When accesses to DRAM are complete: channels, banks with open rows, turnaround and refresh. Plain values, no SystemC.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/arch/counters.h"

namespace npusim {

/// DramTimingSpec in the schedule's own unit of time.
struct DramTimes {
    std::uint64_t banks = 0;
    std::uint64_t row_bytes = 0;
    std::uint64_t row_miss = 0;
    std::uint64_t turnaround = 0;
    std::uint64_t refresh_interval = 0;  ///< 0: no refresh
    std::uint64_t refresh = 0;
};

/// One channel: a bus, banks, and the time up to which it is planned. Consecutive rows lie in consecutive banks.
class DramChannel {
public:
    /// `burst` is a burst's time on the channel's bus.
    DramChannel(std::uint64_t burst_bytes, std::uint64_t burst, std::optional<DramTimes> times);

    /// All rows closed, refresh phase zero, bus free.
    void begin_layer();
    /// Bursts side by side in the channel's own address space, asked for not before those of earlier calls. Returns
    /// when the last one has moved, and adds what happened to `counters`.
    [[nodiscard]] std::uint64_t move(std::uint64_t asked, std::uint64_t address, std::uint64_t bursts, bool is_write,
                                     DramCounters& counters);

private:
    struct Bank {
        std::optional<std::uint64_t> open_row;
        std::uint64_t moved_until = 0;  ///< data of the open row
    };
    /// An access while its bursts move.
    struct Access {
        std::uint64_t asked;
        std::uint64_t open_from;  ///< it may open rows
        std::uint64_t data_from;  ///< the bus may carry its next burst
        DramCounters& counters;
    };

    void refresh_before(Access& access);
    void refresh(Access& access, std::uint64_t begin);
    void move_row(Access& access, std::uint64_t row, std::uint64_t bursts);

    std::uint64_t burst_bytes_;
    std::uint64_t burst_;
    std::optional<DramTimes> times_;
    std::vector<Bank> banks_;
    std::uint64_t bus_free_ = 0;
    std::uint64_t next_refresh_ = 0;
    std::uint64_t refreshed_until_ = 0;
    std::optional<bool> last_was_write_;
};

/// The memory of a chip for one layer after the other. Exact: its unit of time divides a cycle, a nanosecond and a
/// byte's time on the bus.
class DramSchedule {
public:
    DramSchedule(const DramSpec& spec, int clock_mhz);

    void begin_layer();
    /// The cycle of the layer in which an access is complete that is asked for in cycle `now_cycles` of the layer,
    /// after all earlier calls. At least one byte.
    [[nodiscard]] std::uint64_t access(std::uint64_t now_cycles, std::uint64_t address, std::uint64_t bytes,
                                       bool is_write);
    /// Rows, turnarounds and refreshes since begin_layer; zeros where the chip has no DRAM timing.
    [[nodiscard]] const DramCounters& counters() const { return counters_; }

private:
    /// Bytes of a channel's own address space that lie below an address of the chip's.
    [[nodiscard]] std::uint64_t below(std::uint64_t address, std::uint64_t channel) const;

    bool ideal_;
    std::uint64_t burst_bytes_;
    std::uint64_t interleave_bytes_;
    std::uint64_t latency_cycles_;
    std::uint64_t cycle_ = 1;  ///< a cycle in units of time
    std::vector<DramChannel> channels_;
    DramCounters counters_;
};

}  // namespace npusim
