// One multiplier of fixed width. Narrower operands move fewer bits and gain no products; wider ones run in slices.
#include <algorithm>

#include "npusim/base/integer_math.h"
#include "pe_kind_policies.h"

namespace npusim {

PeMode ScalarPe::mode(const PeSpec& pe, int weight_bits, int activation_bits) const {
    PeMode mode;
    mode.weight_slices = ceil_div(weight_bits, pe.weight_bits);
    mode.activation_slices = ceil_div(activation_bits, pe.activation_bits);
    mode.weight_slice_bits = std::min(weight_bits, pe.weight_bits);
    mode.activation_slice_bits = std::min(activation_bits, pe.activation_bits);
    mode.registers = {1, pe.weight_bits, pe.activation_bits, pe.activation_bits};
    return mode;
}

}  // namespace npusim
