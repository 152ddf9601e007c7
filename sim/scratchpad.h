// An SRAM buffer: its bytes (when a run carries data), its counted accesses, and who has its ports where that matters.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/arch/counters.h"
#include "npusim/base/integer_math.h"
#include "npusim/sim/port_calendar.h"

namespace npusim::sim {

class Scratchpad {
public:
    Scratchpad(const BufferSpec& spec, bool double_buffering) : spec_(spec) {
        if (spec.arbitrated) ports_.emplace(spec, double_buffering);
    }

    /// Gives the buffer its storage; without, it only counts.
    void allocate() { storage_.resize(static_cast<std::size_t>(spec_.bytes)); }
    [[nodiscard]] std::span<std::byte> bytes(std::uint64_t address) {
        return std::span(storage_).subspan(static_cast<std::size_t>(address));
    }
    /// Accesses of the port that move `bytes` at full width.
    [[nodiscard]] std::uint64_t accesses(std::int64_t bytes) const {
        return static_cast<std::uint64_t>(ceil_div<std::int64_t>(bytes * 8, spec_.width_bits));
    }

    /// Where units that meet wait for one another; null where they do not.
    [[nodiscard]] PortCalendar* ports() { return ports_ ? &*ports_ : nullptr; }

private:
    BufferSpec spec_;
    std::optional<PortCalendar> ports_;
    std::vector<std::byte> storage_;
};

}  // namespace npusim::sim
