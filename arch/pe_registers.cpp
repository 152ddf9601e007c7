#include "npusim/arch/pe_registers.h"

#include <algorithm>

namespace npusim {

std::vector<Dataflow> possible_dataflows(const ArraySpec& array) {
    std::vector<Dataflow> possible;
    for (const auto dataflow : {Dataflow::weight_stationary, Dataflow::output_stationary, Dataflow::input_stationary}) {
        const bool named = std::any_of(array.layer_dataflows.begin(), array.layer_dataflows.end(),
                                       [&](const auto& layer) { return layer.second == dataflow; });
        if (array.auto_dataflow || named || dataflow == array.dataflow) possible.push_back(dataflow);
    }
    return possible;
}

LaneRegisters widest_registers(const PeSpec& pe) {
    constexpr int narrowest_split_bits = 2;
    switch (pe.kind) {
        case PeKind::scalar:
        case PeKind::dot:
            break;
        case PeKind::composable:
            return {pe.weight_bits / narrowest_split_bits * (pe.activation_bits / narrowest_split_bits),
                    narrowest_split_bits, narrowest_split_bits, narrowest_split_bits};
        case PeKind::bit_serial:
            return {pe.lanes, pe.weight_bits, pe.activation_bits, 1};
    }
    return {pe.lanes, pe.weight_bits, pe.activation_bits, pe.activation_bits};
}

int loaded_register_bits(const LaneRegisters& registers, Dataflow dataflow) {
    return dataflow == Dataflow::input_stationary ? registers.activation_bits : registers.weight_bits;
}

int moving_register_bits(const ArraySpec& array, const LaneRegisters& registers, Dataflow dataflow) {
    int lane_bits = registers.streamed_activation_bits;
    if (dataflow == Dataflow::output_stationary) lane_bits += registers.weight_bits;
    if (dataflow == Dataflow::input_stationary) lane_bits = registers.weight_bits;
    return registers.lanes * lane_bits + array.accumulator_bits;
}

int shadow_register_bits(const ArraySpec& array, Dataflow dataflow) {
    if (!array.overlap_weight_load) return 0;
    if (dataflow == Dataflow::output_stationary) return array.accumulator_bits;
    const LaneRegisters registers = widest_registers(array.pe);
    return registers.lanes * loaded_register_bits(registers, dataflow);
}

int widest_shadow_register_bits(const ArraySpec& array) {
    int widest = 0;
    for (const Dataflow dataflow : possible_dataflows(array)) {
        widest = std::max(widest, shadow_register_bits(array, dataflow));
    }
    return widest;
}

}  // namespace npusim
