// `lanes` products of whole weights and one bit of activations a cycle, shifted and added: as Stripes (Judd et al.,
// MICRO 2016). An activation of any width takes a cycle for each of its bits; wider weights run in slices.
#include "pe_kind_policies.h"

namespace npusim {

PeMode BitSerialPe::mode(const PeSpec& pe, int weight_bits, int activation_bits) const {
    PeMode mode = ScalarPe().mode(pe, weight_bits, activation_bits);
    mode.lanes = pe.lanes;
    mode.activation_slices = 1;
    mode.activation_slice_bits = activation_bits;
    mode.cycles_per_step = activation_bits;
    mode.registers = {pe.lanes, pe.weight_bits, activation_bits, 1};
    return mode;
}

}  // namespace npusim
