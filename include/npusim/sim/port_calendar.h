// Who has the ports of a buffer's halves when: units that meet there wait for one another. Plain values, no SystemC.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "npusim/arch/arch_spec.h"
#include "npusim/sim/half_accesses.h"

namespace npusim {

/// Ports go to commands in the order in which they ask, for all of a command's cycles at once.
class PortCalendar {
public:
    PortCalendar(const BufferSpec& buffer, bool double_buffering);

    /// What lies in the slot of an address: slots take the halves in turn.
    [[nodiscard]] HalfAccesses in_slot(std::uint64_t accesses, std::uint64_t address, std::int64_t slot_bytes) const;
    /// What lies across both halves.
    [[nodiscard]] HalfAccesses across(std::uint64_t accesses) const;

    /// Books the accesses of a command that would work for `cycles` (at least 1) cycles from `begin_cycles` on, were it
    /// alone, and spreads its accesses evenly over them. In each cycle it has the ports that nobody booked before;
    /// while a cycle's accesses are not through, it stands still. Returns the cycles that it stands still. No call may
    /// begin before the `now_cycles` of an earlier one.
    [[nodiscard]] std::uint64_t book(std::uint64_t now_cycles, std::uint64_t begin_cycles, std::uint64_t cycles,
                                     const HalfAccesses& accesses);

private:
    [[nodiscard]] std::uint64_t take(std::size_t half, std::uint64_t cycle, std::uint64_t wanted);
    void forget_before(std::uint64_t now_cycles);

    std::uint64_t halves_;
    std::uint64_t ports_;  ///< accesses of a half in a cycle
    std::uint64_t first_cycle_ = 0;
    std::array<std::deque<std::uint16_t>, 2> booked_;  ///< [half][cycle − first_cycle_]; beyond the end: none
};

}  // namespace npusim
