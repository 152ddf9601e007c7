// What a PE of the chip does with a layer's operands, found by laying their bits on its multipliers: shares nothing
// with the kinds' formulas.
#pragma once

#include "npusim/arch/arch_spec.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim::sim {

/// `work` with the lanes, slices and cycles a step of the PE on operands of so many bits.
[[nodiscard]] ArrayWork laid_on_pes(const PeSpec& pe, int weight_bits, int activation_bits, ArrayWork work);

}  // namespace npusim::sim
