#include <algorithm>

#include "pe_kind_policies.h"

namespace npusim {

const std::vector<std::pair<PeKind, const PeKindPolicy*>>& pe_kinds() {
    static const ScalarPe scalar;
    static const DotPe dot;
    static const ComposablePe composable;
    static const BitSerialPe bit_serial;
    static const std::vector<std::pair<PeKind, const PeKindPolicy*>> table{
        {PeKind::scalar, &scalar},
        {PeKind::dot, &dot},
        {PeKind::composable, &composable},
        {PeKind::bit_serial, &bit_serial},
    };
    return table;
}

PeMode pe_mode(const PeSpec& pe, int weight_bits, int activation_bits) {
    const auto& table = pe_kinds();
    const auto found = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.first == pe.kind; });
    return found->second->mode(pe, weight_bits, activation_bits);
}

double peak_products_per_cycle(const ArchSpec& arch) {
    const PrecisionSpec& precision = arch.precision;
    std::vector<LayerBits> layers;
    layers.reserve(precision.layers.size() + 6);
    for (const auto& [name, bits] : precision.layers) layers.push_back(bits);
    for (const int weight_bits : {precision.weight_bits, precision.first_last_bits}) {
        for (const int activation_bits : {precision.activation_bits, precision.first_last_bits, precision.input_bits}) {
            layers.push_back({weight_bits, activation_bits});
        }
    }
    double most = 0;
    for (const LayerBits& bits : layers) {
        const PeMode mode = pe_mode(arch.array.pe, bits.weight_bits, bits.activation_bits);
        most = std::max(most, static_cast<double>(mode.lanes) / mode.cycles_per_step);
    }
    return most * arch.array.rows * arch.array.columns;
}

}  // namespace npusim
