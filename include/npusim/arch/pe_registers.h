// Which registers a PE has and clocks, by the dataflow it runs.
#pragma once

#include <vector>

#include "npusim/arch/arch_spec.h"

namespace npusim {

/// What layers of the array may run in: one, or several where they differ or choose.
[[nodiscard]] std::vector<Dataflow> possible_dataflows(const ArraySpec& array);

/// A PE's operand registers, as a layer's bits set it.
struct LaneRegisters {
    int lanes = 1;
    int weight_bits = 0;  ///< of each lane
    int activation_bits = 0;
    int streamed_activation_bits = 0;  ///< of those through which activations stream: 1 where they enter bit by bit
    friend bool operator==(const LaneRegisters&, const LaneRegisters&) = default;
};

/// All that the PE is built with: of a composable one, those of its narrowest split.
[[nodiscard]] LaneRegisters widest_registers(const PeSpec& pe);

/// Bits of a lane's operand that waits in the PE; where sums stay, of the weights that move on each step.
[[nodiscard]] int loaded_register_bits(const LaneRegisters& registers, Dataflow dataflow);

/// Bits of the registers that are clocked on each cycle: operands that stream, and the sum.
[[nodiscard]] int moving_register_bits(const ArraySpec& array, const LaneRegisters& registers, Dataflow dataflow);

/// What moves in, or out, while a fold streams needs a register of its own: bits of that.
[[nodiscard]] int shadow_register_bits(const ArraySpec& array, Dataflow dataflow);

/// The same of an array whose layers may run in several dataflows: the PE is built for the widest.
[[nodiscard]] int widest_shadow_register_bits(const ArraySpec& array);

}  // namespace npusim
