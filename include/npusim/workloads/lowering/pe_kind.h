// How a kind of PE works on a layer's operands. One interface, a file for each kind, and one table.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/arch/pe_registers.h"

namespace npusim {

/// A PE set to a layer's bits. Operands wider than it takes run in slices: each pair of slices is a pass over the
/// layer's whole work.
struct PeMode {
    int lanes = 1;  ///< elements of K that it sums into its accumulator in one step
    std::int64_t weight_slices = 1;
    std::int64_t activation_slices = 1;
    int weight_slice_bits = 0;  ///< of one slice: what moves from SRAM for an element in one pass
    int activation_slice_bits = 0;
    int cycles_per_step = 1;  ///< more than one: activations enter bit by bit
    LaneRegisters registers;
};

class PeKindPolicy {
public:
    virtual ~PeKindPolicy() = default;
    [[nodiscard]] virtual PeMode mode(const PeSpec& pe, int weight_bits, int activation_bits) const = 0;
};

/// The table of kinds.
[[nodiscard]] const std::vector<std::pair<PeKind, const PeKindPolicy*>>& pe_kinds();
/// `pe` on operands of so many bits.
[[nodiscard]] PeMode pe_mode(const PeSpec& pe, int weight_bits, int activation_bits);

/// The most products that the whole array does in a cycle, at any of the bits that the chip's precision gives layers.
[[nodiscard]] double peak_products_per_cycle(const ArchSpec& arch);

}  // namespace npusim
