// The ports of a buffer's halves at register level: in every cycle each access that is due takes a port, those of who
// asked first before the others. Slow, and sharing nothing with the fast machine's calendar.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>

#include "npusim/arch/arch_spec.h"
#include "npusim/sim/half_accesses.h"

namespace npusim {

/// The accesses of one command: access i of n (from 1 on) is due in working cycle ⌈i · cycles / n⌉.
struct PortRequest {
    std::uint64_t begin_cycles = 0;    ///< when the command begins to work
    std::uint64_t working_cycles = 0;  ///< that it takes alone
    HalfAccesses accesses{};
    HalfAccesses through{};
    std::uint64_t worked_cycles = 0;
    std::uint64_t stood_cycles = 0;
    bool stands = false;  ///< in the present cycle
    [[nodiscard]] bool is_through() const { return worked_cycles == working_cycles; }
};

class PortArbiter {
public:
    PortArbiter(const BufferSpec& buffer, bool double_buffering);

    /// `accesses` to the slot in which an address lies: the slots take the halves in turn.
    [[nodiscard]] HalfAccesses to_slot(std::uint64_t accesses, std::uint64_t address, std::int64_t slot_bytes) const;
    /// `accesses` to what lies across the halves, from the first on in turn.
    [[nodiscard]] HalfAccesses to_both(std::uint64_t accesses) const;

    /// Asks for ports; earlier requests go first.
    [[nodiscard]] std::shared_ptr<const PortRequest> ask(const PortRequest& request);
    /// One cycle of all ports.
    void cycle(std::uint64_t now_cycles);

private:
    [[nodiscard]] bool serve(PortRequest& request, std::size_t half);

    std::size_t halves_;
    std::uint64_t ports_;                ///< of a half
    std::array<std::uint64_t, 2> left_;  ///< in the present cycle
    std::list<std::shared_ptr<PortRequest>> requests_;
};

}  // namespace npusim
