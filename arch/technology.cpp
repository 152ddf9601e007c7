// Look-ups of logic in a technology table: measured rows where there are some, fits elsewhere.
#include "npusim/arch/technology.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "npusim/base/error.h"
#include "technology_lookup.h"

namespace npusim {
namespace {

bool covers(const Fit& fit, const Variables& variables) {
    return std::all_of(variables.begin(), variables.end(), [&](const auto& variable) {
        const auto range = fit.valid.find(variable.first);
        return range == fit.valid.end() ||
               (variable.second >= range->second.first && variable.second <= range->second.second);
    });
}

/// How far a row is: a bit of operand lengthens the critical path about as much as four bits of accumulator, or as
/// twice the lanes.
double distance(const MacRow& row, const MacPlace& place) {
    return std::abs(row.weight_bits - place.weight_bits) + std::abs(row.activation_bits - place.activation_bits) +
           std::abs(row.accumulator_bits - place.accumulator_bits) / 4.0 +
           std::abs(std::log2(static_cast<double>(row.lanes) / place.lanes));
}

/// A PE of a MAC. Its weight register is not clocked while the weight is stationary.
PeCost with_registers(PeCost mac, const Technology& technology, int weight_bits, int activation_bits,
                      int accumulator_bits) {
    const int clocked_bits = activation_bits + accumulator_bits;
    const int register_bits = weight_bits + clocked_bits;
    mac.energy_fj += clocked_bits * technology.register_data_fj_per_bit_cycle;
    mac.area_um2 += register_bits * technology.register_area_um2_per_bit;
    mac.leakage_nw += register_bits * technology.register_leakage_nw_per_bit;
    return mac;
}

/// Of estimates that are wrong by up to a factor of 1 + error either way.
PeCost estimated(const Technology& technology, double area_um2, double energy_fj, double relative_error) {
    PeCost cost;
    cost.area_um2 = area_um2;
    cost.leakage_nw = technology.logic_leakage_nw_per_um2 * area_um2;
    cost.energy_fj = energy_fj;
    cost.relative_error = relative_error;
    const ErrorBand band = ErrorBand::of_factor(1 + relative_error);
    cost.energy_band = band * ErrorBand::of_factor(technology.node_errors.logic_energy);
    cost.area_band = band * ErrorBand::of_factor(technology.node_errors.logic_area);
    cost.leakage_band = band * ErrorBand::of_factor(technology.node_errors.logic_leakage);
    return cost;
}

}  // namespace

ErrorBand ErrorBand::of_relative_error(double error) {
    if (error >= 1) return of_factor(1 + error);
    return {1 / (1 + error), 1 / (1 - error)};
}

double evaluate(const Fit& fit, const std::vector<double>& terms) {
    return std::inner_product(terms.begin(), terms.end(), fit.coefficients.begin(), 0.0);
}

PeCost fitted(const Technology& technology, const Fit& area, const Fit& energy, const std::vector<double>& terms,
              const Variables& variables) {
    PeCost cost;
    // Far beyond its points a fit may fall below zero.
    cost.area_um2 = std::max(evaluate(area, terms), 0.0);
    cost.leakage_nw = technology.logic_leakage_nw_per_um2 * cost.area_um2;
    cost.energy_fj = std::max(evaluate(energy, terms), 0.0);
    cost.relative_error = std::max(area.max_relative_error, energy.max_relative_error);
    cost.in_range = covers(area, variables) && covers(energy, variables);
    finish_bands(technology, cost, energy.max_relative_error, energy.scaled);
    cost.area_band = cost.area_band * ErrorBand::of_relative_error(area.max_relative_error);
    return cost;
}

std::string suffix(OperandStatistics statistics) {
    return statistics == OperandStatistics::uniform ? "uniform" : "realistic";
}

PeCost measured(const Technology& technology, const MacRow& row, OperandStatistics statistics) {
    PeCost cost;
    cost.area_um2 = row.area_um2;
    cost.leakage_nw = row.leakage_nw;
    cost.energy_fj = statistics == OperandStatistics::uniform ? row.energy_uniform_fj : row.energy_realistic_fj;
    cost.critical_path_ns = row.critical_path_ps / 1000;
    cost.measured = true;
    finish_bands(technology, cost, technology.mac_row_relative_error, row.scaled);
    return cost;
}

void finish_bands(const Technology& technology, PeCost& cost, double energy_error, bool scaled) {
    const NodeErrors node = scaled ? technology.node_errors : NodeErrors{};
    cost.energy_band = ErrorBand::of_relative_error(energy_error) * ErrorBand::of_factor(node.logic_energy);
    cost.area_band = ErrorBand::of_factor(node.logic_area);
    cost.leakage_band = ErrorBand::of_factor(node.logic_leakage);
}

double nearest_critical_path_ns(const Technology& technology, const std::string& kind, const MacPlace& place) {
    constexpr double nearest_allowed = 3;
    const MacRow* below = nullptr;
    const MacRow* above = nullptr;
    const MacRow* nearest = nullptr;
    const auto far = [&](const MacRow& row) { return distance(row, place); };
    for (const MacRow& row : technology.mac_rows) {
        if (row.kind != kind || row.critical_path_ps == 0) continue;
        if (nearest == nullptr || far(row) < far(*nearest)) nearest = &row;
        if (row.weight_bits != place.weight_bits || row.activation_bits != place.activation_bits) continue;
        if (row.lanes != place.lanes) continue;
        const bool is_below = row.accumulator_bits <= place.accumulator_bits;
        const MacRow*& side = is_below ? below : above;
        if (side == nullptr || far(row) < far(*side)) side = &row;
    }
    if (below != nullptr && above != nullptr) {
        const double fraction = static_cast<double>(place.accumulator_bits - below->accumulator_bits) /
                                (above->accumulator_bits - below->accumulator_bits);
        return std::lerp(below->critical_path_ps, above->critical_path_ps, fraction) / 1000;
    }
    return nearest != nullptr && far(*nearest) <= nearest_allowed ? nearest->critical_path_ps / 1000 : 0;
}

PeCost Technology::pe(int weight_bits, int activation_bits, int accumulator_bits, OperandStatistics statistics) const {
    for (const MacRow& row : mac_rows) {
        if (row.weight_bits != weight_bits || row.activation_bits != activation_bits || row.lanes != 1) continue;
        if (row.kind == "pe" && (row.accumulator_bits == accumulator_bits || row.accumulator_bits == 0)) {
            return measured(*this, row, statistics);
        }
        if (row.kind == "mac") {
            return with_registers(measured(*this, row, statistics), *this, weight_bits, activation_bits,
                                  accumulator_bits);
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
        cost.leakage_nw = std::max(evaluate(fits.at("pe_leakage"), terms), 0.0);
        cost.leakage_band = cost.leakage_band * ErrorBand::of_relative_error(fits.at("pe_leakage").max_relative_error);
    }
    cost.critical_path_ns = nearest_critical_path_ns(*this, "pe", {weight_bits, activation_bits, accumulator_bits, 1});
    return cost;
}

PeCost Technology::multiplier(int weight_bits, int activation_bits, OperandStatistics statistics) const {
    for (const MacRow& row : mac_rows) {
        if (row.kind == "mul" && row.weight_bits == weight_bits && row.activation_bits == activation_bits) {
            return measured(*this, row, statistics);
        }
    }
    return fitted(*this, fits.at("multiplier_area"), fits.at("multiplier_energy_" + suffix(statistics)),
                  {1.0 * weight_bits * activation_bits, 1.0 * weight_bits + activation_bits, 1.0},
                  {{"w", weight_bits}, {"a", activation_bits}});
}

const FloatingUnits& Technology::floating_units(NumberFormat format) const {
    const auto found = floating.find(format);
    if (found != floating.end()) return found->second;
    std::vector<std::string> known;
    for (const auto& [known_format, units] : floating) known.emplace_back(name_of(known_format));
    throw InputError(file, "/" + std::string(name_of(format)),
                     "is missing, which a chip in that format needs; known are " + join(known));
}

PeCost Technology::floating_pe(NumberFormat format, Dataflow dataflow) const {
    constexpr int sum_bits = 32;
    const FloatingUnits& units = floating_units(format);
    const int operand_bits = floating_bits(format);
    const int clocked_bits = sum_bits + (dataflow == Dataflow::output_stationary ? 2 : 1) * operand_bits;
    return estimated(*this, units.mac_area_um2 + (2 * operand_bits + sum_bits) * register_area_um2_per_bit,
                     units.mac_energy_fj + clocked_bits * register_data_fj_per_bit_cycle, units.mac_relative_error);
}

PeCost Technology::floating_adder(NumberFormat format) const {
    const FloatingUnits& units = floating_units(format);
    return estimated(*this, units.add_area_um2, units.add_energy_fj, units.add_relative_error);
}

PeCost Technology::requantizer(int accumulator_bits, int multiplier_bits, int output_bits,
                               OperandStatistics statistics) const {
    return fitted(
        *this, fits.at("requantizer_area"), fits.at("requantizer_energy_" + suffix(statistics)),
        {1.0 * accumulator_bits * multiplier_bits, 1.0 * accumulator_bits + multiplier_bits, 1.0 * output_bits},
        {{"c", accumulator_bits}, {"s", multiplier_bits}, {"o", output_bits}});
}

PeCost Technology::adder(int bits) const {
    for (const MacRow& row : mac_rows) {
        if (row.kind == "add" && row.weight_bits == bits) return measured(*this, row, OperandStatistics::uniform);
    }
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
