// PEs in which the sum stays and both operands move: rows where there are some, else by what such rows take of
// weight-stationary PEs.
#include <algorithm>
#include <cmath>

#include "technology_lookup.h"

namespace npusim {
namespace {

/// Of a table without such rows: about what those of the tables that ship differ from weight-stationary PEs.
constexpr double kUnknownRatioFactor = 1.2;

using Figure = double OutputStationaryRatio::*;

double operand_bits(int weight_bits, int activation_bits) {
    return std::sqrt(static_cast<double>(weight_bits) * activation_bits);
}

double interpolated(const std::vector<OutputStationaryRatio>& ratios, double bits, Figure figure) {
    const auto above = std::find_if(ratios.begin(), ratios.end(), [&](const auto& row) { return row.bits >= bits; });
    if (above == ratios.end()) return ratios.back().*figure;
    if (above == ratios.begin()) return ratios.front().*figure;
    const OutputStationaryRatio& below = *(above - 1);
    return std::lerp(below.*figure, (*above).*figure,
                     std::log2(bits / below.bits) / std::log2(above->bits / below.bits));
}

/// The greatest ratio of two rows' ratios.
double spread(const std::vector<OutputStationaryRatio>& ratios, Figure figure) {
    const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end(),
                                                   [&](const auto& a, const auto& b) { return a.*figure < b.*figure; });
    return (*most).*figure / ((*least).*figure);
}

void take_ratio(PeCost& cost, const std::vector<OutputStationaryRatio>& ratios, double bits,
                OperandStatistics statistics) {
    const Figure energy = statistics == OperandStatistics::uniform ? &OutputStationaryRatio::energy_uniform
                                                                   : &OutputStationaryRatio::energy_realistic;
    cost.area_um2 *= interpolated(ratios, bits, &OutputStationaryRatio::area);
    cost.leakage_nw *= interpolated(ratios, bits, &OutputStationaryRatio::leakage);
    cost.energy_fj *= interpolated(ratios, bits, energy);
    // Bounds hold for both statistics, as the ends of the errors take the dearer or the cheaper one.
    const double energy_spread = std::max(spread(ratios, &OutputStationaryRatio::energy_uniform),
                                          spread(ratios, &OutputStationaryRatio::energy_realistic));
    cost.energy_band = cost.energy_band * ErrorBand::of_factor(energy_spread);
    cost.area_band = cost.area_band * ErrorBand::of_factor(spread(ratios, &OutputStationaryRatio::area));
    cost.leakage_band = cost.leakage_band * ErrorBand::of_factor(spread(ratios, &OutputStationaryRatio::leakage));
    cost.relative_error = (1 + cost.relative_error) * energy_spread - 1;
    cost.in_range = cost.in_range && bits >= ratios.front().bits && bits <= ratios.back().bits;
}

}  // namespace

void finish_output_stationary(Technology& technology) {
    std::vector<OutputStationaryRatio>& ratios = technology.output_stationary_ratios;
    if (!ratios.empty()) return;
    for (const MacRow& row : technology.mac_rows) {
        if (row.kind != "os") continue;
        const auto pe = [&](OperandStatistics statistics) {
            return technology.pe(row.weight_bits, row.activation_bits, row.accumulator_bits, statistics);
        };
        const PeCost uniform = pe(OperandStatistics::uniform);
        const PeCost realistic = pe(OperandStatistics::realistic);
        ratios.push_back({operand_bits(row.weight_bits, row.activation_bits), row.area_um2 / realistic.area_um2,
                          row.leakage_nw / realistic.leakage_nw, row.energy_uniform_fj / uniform.energy_fj,
                          row.energy_realistic_fj / realistic.energy_fj});
    }
    std::stable_sort(ratios.begin(), ratios.end(), [](const auto& a, const auto& b) { return a.bits < b.bits; });
}

PeCost Technology::output_stationary_pe(int weight_bits, int activation_bits, int accumulator_bits,
                                        OperandStatistics statistics) const {
    for (const MacRow& row : mac_rows) {
        if (row.kind == "os" && row.weight_bits == weight_bits && row.activation_bits == activation_bits &&
            row.accumulator_bits == accumulator_bits) {
            return measured(*this, row, statistics);
        }
    }
    PeCost cost = pe(weight_bits, activation_bits, accumulator_bits, statistics);
    cost.measured = false;
    if (output_stationary_ratios.empty()) {
        cost.in_range = false;
        cost.energy_band = cost.energy_band * ErrorBand::of_factor(kUnknownRatioFactor);
    } else {
        take_ratio(cost, output_stationary_ratios, operand_bits(weight_bits, activation_bits), statistics);
    }
    const double own_ns = nearest_critical_path_ns(*this, "os", {weight_bits, activation_bits, accumulator_bits, 1});
    if (own_ns > 0) cost.critical_path_ns = own_ns;
    return cost;
}

}  // namespace npusim
