// `lanes` multipliers of fixed width, summed into one accumulator in one cycle.
#include "pe_kind_policies.h"

namespace npusim {

PeMode DotPe::mode(const PeSpec& pe, int weight_bits, int activation_bits) const {
    PeMode mode = ScalarPe().mode(pe, weight_bits, activation_bits);
    mode.lanes = mode.registers.lanes = pe.lanes;
    return mode;
}

}  // namespace npusim
