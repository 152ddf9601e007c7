// What every unit of the machine did in every cycle of a layer: plain values, no SystemC.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "npusim/arch/counters.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim {

enum class MachineUnit { load_dma, array, vector_unit, store_dma };
constexpr std::size_t kMachineUnits = 4;
/// As the fields of Counters are called.
[[nodiscard]] std::string_view name_of(MachineUnit unit);
/// Whose queue a command goes to.
[[nodiscard]] MachineUnit unit_of(const Command& command);
[[nodiscard]] const UnitCycles& cycles_of(const Counters& counters, MachineUnit unit);

/// Cycles of one unit, from begin_cycles up to and without end_cycles, that it spent in one way.
struct UnitSpan {
    std::uint64_t begin_cycles = 0;
    std::uint64_t end_cycles = 0;
    std::optional<IdleCause> idle;     ///< none: busy
    const Command* command = nullptr;  ///< worked at or waited for; null where none is left in this layer
    [[nodiscard]] std::uint64_t cycles() const { return end_cycles - begin_cycles; }
};

/// One command of a DMA, from its issue until its last byte is there.
struct DramTransfer {
    const Command* command = nullptr;
    std::uint64_t issued_cycles = 0;
    std::uint64_t done_cycles = 0;
    std::uint64_t bytes = 0;                 ///< without what whole bursts move beyond them
    std::uint64_t bank_conflict_cycles = 0;  ///< of its time, behind others at the activation buffer's banks
};

/// One layer of one image; cycles count from the beginning of the run. Pointers are into the program.
///
/// The spans of a unit follow one another without gap or overlap from begin_cycles to end_cycles, and their sums are
/// the unit's counters. Counters are exact for a command, not for a cycle of it; within a command a span for fill and
/// drain comes first, then one for busy cycles, then one for bank conflicts. A cycle in which a DMA has transfers
/// outstanding is the oldest one's; a transfer waits for DRAM first, is busy when its bytes arrive, and waits for banks
/// at its end.
struct LayerTimeline {
    std::size_t image = 0;
    const LayerProgram* layer = nullptr;
    std::uint64_t begin_cycles = 0;
    std::uint64_t end_cycles = 0;
    std::array<std::vector<UnitSpan>, kMachineUnits> spans;
    std::vector<DramTransfer> loads, stores;  ///< in the order of their issue
};

}  // namespace npusim
