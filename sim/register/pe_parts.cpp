#include "pe_parts.h"

#include <algorithm>

namespace npusim::sim {
namespace {

/// Passes in which an operand goes through a multiplier, as many of its bits a pass as that takes.
int passes_of(int bits, int multiplier_bits) {
    int passes = 0;
    for (int left = bits; left > 0; left -= multiplier_bits) ++passes;
    return passes;
}

/// A side of a multiplier that splits in the middle, and its halves again, as long as an operand fits a half of at
/// least two bits.
int parts_of(int side_bits, int operand_bits) {
    if (side_bits < 4 || operand_bits > side_bits / 2) return 1;
    return 2 * parts_of(side_bits / 2, operand_bits);
}

}  // namespace

ArrayWork laid_on_pes(const PeSpec& pe, int weight_bits, int activation_bits, ArrayWork work) {
    work.weight_slices = passes_of(weight_bits, pe.weight_bits);
    work.weight_slice_bits = work.weight_slices > 1 ? pe.weight_bits : weight_bits;
    work.activation_slices = passes_of(activation_bits, pe.activation_bits);
    work.activation_slice_bits = work.activation_slices > 1 ? pe.activation_bits : activation_bits;
    work.cycles_per_step = 1;
    work.lanes = 1;
    switch (pe.kind) {
        case PeKind::scalar:
            break;
        case PeKind::dot:
            work.lanes = pe.lanes;
            break;
        case PeKind::composable:
            work.lanes = parts_of(pe.weight_bits, weight_bits) * parts_of(pe.activation_bits, activation_bits);
            break;
        case PeKind::bit_serial:
            work.lanes = pe.lanes;
            work.activation_slices = 1;
            work.activation_slice_bits = activation_bits;
            work.cycles_per_step = passes_of(activation_bits, 1);
            break;
    }
    return work;
}

}  // namespace npusim::sim
