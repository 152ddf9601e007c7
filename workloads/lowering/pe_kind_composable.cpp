// One multiplier that splits by halves, for each operand on its own and down to 2 bits, into narrower ones whose
// products are summed: as BitFusion (Sharma et al., ISCA 2018). Operands wider than the whole run in slices.
#include "pe_kind_policies.h"

namespace npusim {
namespace {

/// The smallest of whole, whole/2, whole/4, … not below 2 bits that holds `bits`; the whole where none does.
int part_bits(int whole, int bits) {
    constexpr int narrowest_bits = 2;
    int part = whole;
    while (part / 2 >= narrowest_bits && part / 2 >= bits) part /= 2;
    return part;
}

}  // namespace

PeMode ComposablePe::mode(const PeSpec& pe, int weight_bits, int activation_bits) const {
    PeMode mode = ScalarPe().mode(pe, weight_bits, activation_bits);
    const int weight_part = part_bits(pe.weight_bits, weight_bits);
    const int activation_part = part_bits(pe.activation_bits, activation_bits);
    mode.lanes = (pe.weight_bits / weight_part) * (pe.activation_bits / activation_part);
    mode.registers = {mode.lanes, weight_part, activation_part, activation_part};
    return mode;
}

}  // namespace npusim
