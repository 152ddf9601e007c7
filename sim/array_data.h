// What array commands do with data, and what they count: the same at both levels of detail. No time passes here.
#pragma once

#include <optional>

#include "current_layer.h"
#include "npusim/arch/pe_registers.h"
#include "npusim/workloads/lowering/dataflow.h"
#include "scratchpad.h"
#include "tile_arithmetic.h"

namespace npusim::sim {

/// The operands in the array, and its side of the accumulators. Without data only begin_layer and count are called.
class ArrayData {
public:
    ArrayData(const ArchSpec& arch, Scratchpad& weights, Scratchpad& activations,
              std::vector<AccumulatorSlot>& accumulators)
        : arch_(arch), weights_(weights), activations_(activations), accumulators_(accumulators) {}

    void begin_layer(CurrentLayer& layer);
    /// Adds what the PEs and the buffers did.
    void count(const ArrayTiming& timing, const ArrayWork& work);
    /// Bits of a PE's registers that are clocked on each cycle.
    [[nodiscard]] std::uint64_t moving_bits() const;

    /// Takes what a command needs out of the buffers, where it waits for new operands.
    void unpack_operands(const Command& command);
    /// Adds the command's products to its accumulator slot.
    void accumulate(const Command& command);
    /// What the PEs take, and what they have made of it into the slot.
    [[nodiscard]] ArrayMatrices matrices(const ArrayCommand& work) const;
    void take(const Command& command, const ArrayMatrices& matrices, std::span<const std::int64_t> made);

private:
    void unpack_weights(const ArrayCommand& work);
    void hand_over(const Command& command, TileCounts counts);

    const ArchSpec& arch_;
    Scratchpad& weights_;
    Scratchpad& activations_;
    std::vector<AccumulatorSlot>& accumulators_;
    CurrentLayer* layer_ = nullptr;
    LaneRegisters registers_;
    ArrayOperands operands_;
    std::optional<std::uint64_t> weights_from_;  ///< where the operands' weights stay
    std::optional<Region> inputs_from_;          ///< which region of a resident tensor they are
};

}  // namespace npusim::sim
