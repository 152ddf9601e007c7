// Look-ups of logic in a technology table: measured rows where there are some, fits elsewhere.
#include "npusim/arch/technology.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "npusim/base/error.h"

namespace npusim {
namespace {

constexpr int fp32_bits = 32;

double evaluate(const Fit& fit, const std::vector<double>& terms) {
    return std::inner_product(terms.begin(), terms.end(), fit.coefficients.begin(), 0.0);
}

using Variables = std::map<std::string, int>;

bool covers(const Fit& fit, const Variables& variables) {
    return std::all_of(variables.begin(), variables.end(), [&](const auto& variable) {
        const auto range = fit.valid.find(variable.first);
        return range == fit.valid.end() ||
               (variable.second >= range->second.first && variable.second <= range->second.second);
    });
}

/// A unit of area and energy by two fits with the same terms; leakage by area.
PeCost fitted(const Technology& technology, const Fit& area, const Fit& energy, const std::vector<double>& terms,
              const Variables& variables) {
    PeCost cost;
    cost.area_um2 = evaluate(area, terms);
    cost.leakage_nw = technology.logic_leakage_nw_per_um2 * cost.area_um2;
    cost.energy_fj = evaluate(energy, terms);
    cost.relative_error = std::max(area.max_relative_error, energy.max_relative_error);
    cost.in_range = covers(area, variables) && covers(energy, variables);
    return cost;
}

std::string suffix(OperandStatistics statistics) {
    return statistics == OperandStatistics::uniform ? "uniform" : "realistic";
}

PeCost measured(const MacRow& row, OperandStatistics statistics) {
    PeCost cost;
    cost.area_um2 = row.area_um2;
    cost.leakage_nw = row.leakage_nw;
    cost.energy_fj = statistics == OperandStatistics::uniform ? row.energy_uniform_fj : row.energy_realistic_fj;
    cost.critical_path_ns = row.critical_path_ps / 1000;
    cost.measured = true;
    return cost;
}

/// How far a row is: a bit of operand lengthens the critical path about as much as four bits of accumulator.
double distance(const MacRow& row, int weight_bits, int activation_bits, int accumulator_bits) {
    return std::abs(row.weight_bits - weight_bits) + std::abs(row.activation_bits - activation_bits) +
           std::abs(row.accumulator_bits - accumulator_bits) / 4.0;
}

/// Linear in the accumulator's bits between the nearest rows of the same operands; else the nearest row's; else 0.
double critical_path_ns(const std::vector<MacRow>& rows, int weight_bits, int activation_bits, int accumulator_bits) {
    constexpr double nearest_allowed = 3;
    const MacRow* below = nullptr;
    const MacRow* above = nullptr;
    const MacRow* nearest = nullptr;
    const auto far = [&](const MacRow& row) { return distance(row, weight_bits, activation_bits, accumulator_bits); };
    for (const MacRow& row : rows) {
        if (row.kind != "pe") continue;
        if (nearest == nullptr || far(row) < far(*nearest)) nearest = &row;
        if (row.weight_bits != weight_bits || row.activation_bits != activation_bits) continue;
        const bool is_below = row.accumulator_bits <= accumulator_bits;
        const MacRow*& side = is_below ? below : above;
        if (side == nullptr || far(row) < far(*side)) side = &row;
    }
    if (below != nullptr && above != nullptr) {
        const double fraction = static_cast<double>(accumulator_bits - below->accumulator_bits) /
                                (above->accumulator_bits - below->accumulator_bits);
        return std::lerp(below->critical_path_ps, above->critical_path_ps, fraction) / 1000;
    }
    return nearest != nullptr && far(*nearest) <= nearest_allowed ? nearest->critical_path_ps / 1000 : 0;
}

}  // namespace

PeCost Technology::pe(int weight_bits, int activation_bits, int accumulator_bits, OperandStatistics statistics) const {
    for (const MacRow& row : mac_rows) {
        if (row.kind == "pe" && row.lanes == 1 && row.weight_bits == weight_bits &&
            row.activation_bits == activation_bits && row.accumulator_bits == accumulator_bits) {
            return measured(row, statistics);
        }
    }
    PeCost cost;
    if (weight_bits == 1) {
        cost =
            fitted(*this, fits.at("pe_w1_area"), fits.at("pe_w1_energy_" + suffix(statistics)),
                   {1.0 * activation_bits, 1.0 * accumulator_bits}, {{"a", activation_bits}, {"c", accumulator_bits}});
    } else {
        const std::vector<double> terms{1.0 * weight_bits * activation_bits, 1.0 * weight_bits + activation_bits,
                                        1.0 * accumulator_bits};
        cost = fitted(*this, fits.at("pe_area"), fits.at("pe_energy_" + suffix(statistics)), terms,
                      {{"w", weight_bits}, {"a", activation_bits}, {"c", accumulator_bits}});
        cost.leakage_nw = evaluate(fits.at("pe_leakage"), terms);
    }
    cost.critical_path_ns = critical_path_ns(mac_rows, weight_bits, activation_bits, accumulator_bits);
    return cost;
}

PeCost Technology::fp32_pe() const {
    PeCost cost;
    cost.area_um2 = fp32_mac_area_um2 + 3 * fp32_bits * register_area_um2_per_bit;
    cost.leakage_nw = logic_leakage_nw_per_um2 * cost.area_um2;
    // The weight register is not clocked while the weight is stationary.
    cost.energy_fj = fp32_mac_energy_fj + 2 * fp32_bits * register_data_fj_per_bit_cycle;
    cost.relative_error = fp32_relative_error;
    return cost;
}

PeCost Technology::fp32_adder() const {
    PeCost cost;
    cost.area_um2 = fp32_add_area_um2;
    cost.leakage_nw = logic_leakage_nw_per_um2 * cost.area_um2;
    cost.energy_fj = fp32_add_energy_fj;
    cost.relative_error = fp32_add_relative_error;
    return cost;
}

PeCost Technology::requantizer(int accumulator_bits, int multiplier_bits, int output_bits,
                               OperandStatistics statistics) const {
    return fitted(
        *this, fits.at("requantizer_area"), fits.at("requantizer_energy_" + suffix(statistics)),
        {1.0 * accumulator_bits * multiplier_bits, 1.0 * accumulator_bits + multiplier_bits, 1.0 * output_bits},
        {{"c", accumulator_bits}, {"s", multiplier_bits}, {"o", output_bits}});
}

PeCost Technology::adder(int bits) const {
    return fitted(*this, fits.at("adder_area"), fits.at("adder_energy_uniform"),
                  {1.0 * bits, bits * std::log2(static_cast<double>(bits))}, {{"c", bits}});
}

double Technology::dram_pj_per_bit_of(const std::string& type) const {
    const auto found = dram_pj_per_bit.find(type);
    if (found != dram_pj_per_bit.end()) return found->second;
    std::vector<std::string> known;
    for (const auto& [known_type, energy] : dram_pj_per_bit) known.push_back(known_type);
    throw InputError(file, "/dram/pj_per_bit", "no DRAM type \"" + type + "\", known are " + join(known));
}

}  // namespace npusim
