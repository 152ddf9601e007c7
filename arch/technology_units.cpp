// PEs of other kinds than scalar: dot products, units that split, bit-serial ones. Rows where there are some, else what
// lies between them.
#include <algorithm>
#include <cmath>

#include "npusim/base/error.h"
#include "technology_lookup.h"

namespace npusim {
namespace {

/// A measured bit-serial PE or composable unit has sums of this width; a bit more or less costs what it costs a PE.
constexpr int kUnitAccumulatorBits = 32;
constexpr int kBrickBits = 2;
/// Of what lies between synthesized units or beyond: the PE fit's error, as no better bound is known.
constexpr double kUnitEnergyError = 0.133;

const MacRow& row_of(const Technology& technology, const std::string& kind, int weight_bits, int lanes) {
    const auto found = std::find_if(technology.mac_rows.begin(), technology.mac_rows.end(), [&](const MacRow& row) {
        return row.kind == kind && row.weight_bits == weight_bits && row.lanes == lanes;
    });
    if (found != technology.mac_rows.end()) return *found;
    throw InputError(technology.file, "/mac_table/rows",
                     "no row of kind " + kind + " with " + std::to_string(weight_bits) + "-bit weights and " +
                         std::to_string(lanes) + " lanes, which a chip with such PEs needs");
}

/// What a bit of the partial sum costs in a PE: the last coefficient of its fits.
double accumulator_bit(const Technology& technology, const std::string& fit) {
    return technology.fits.at(fit).coefficients.back();
}

/// Linear in the lanes between one and sixteen, at synthesized weight bits; beyond, along the same line.
PeCost serial_at(const Technology& technology, int lanes, int weight_bits, OperandStatistics statistics) {
    constexpr int many = 16;
    const PeCost one = measured(technology, row_of(technology, "bit_serial", weight_bits, 1), statistics);
    const PeCost all = measured(technology, row_of(technology, "bit_serial", weight_bits, many), statistics);
    const double lane = 1.0 / (many - 1);
    PeCost cost;
    cost.area_um2 = one.area_um2 + (all.area_um2 - one.area_um2) * lane * (lanes - 1);
    cost.leakage_nw = one.leakage_nw + (all.leakage_nw - one.leakage_nw) * lane * (lanes - 1);
    cost.energy_fj = (all.energy_fj - one.energy_fj) * lane;
    cost.step_fj = one.energy_fj - cost.energy_fj;
    cost.critical_path_ns = one.critical_path_ns + (all.critical_path_ns - one.critical_path_ns) *
                                                       std::log2(static_cast<double>(lanes)) / std::log2(many);
    cost.measured = lanes == 1 || lanes == many;
    return cost;
}

PeCost between(const PeCost& low, const PeCost& high, double fraction) {
    // Beyond the points the line may fall below zero.
    const auto at = [&](double PeCost::*figure) {
        return std::max(std::lerp(low.*figure, high.*figure, fraction), low.*figure / 2);
    };
    PeCost cost;
    cost.area_um2 = at(&PeCost::area_um2);
    cost.leakage_nw = at(&PeCost::leakage_nw);
    cost.energy_fj = at(&PeCost::energy_fj);
    cost.step_fj = at(&PeCost::step_fj);
    cost.critical_path_ns = at(&PeCost::critical_path_ns);
    cost.measured = fraction == 0 && low.measured;
    return cost;
}

void add_accumulator_bits(PeCost& cost, const Technology& technology, int accumulator_bits,
                          OperandStatistics statistics) {
    const int more = accumulator_bits - kUnitAccumulatorBits;
    cost.area_um2 += more * accumulator_bit(technology, "pe_area");
    cost.leakage_nw += more * accumulator_bit(technology, "pe_leakage");
    cost.step_fj = std::max(cost.step_fj + more * accumulator_bit(technology, "pe_energy_" + suffix(statistics)), 0.0);
    if (more != 0) cost.measured = false;
}

/// Bricks along one operand: a product of 1 or 2 bits takes one, of 3 or 4 two, of more four.
int bricks_along(int bits) {
    if (bits <= kBrickBits) return 1;
    return bits <= 2 * kBrickBits ? 2 : 4;
}

/// What one brick takes in a step where a product has `bricks` of them: the unit's energy without its sum, shared.
double brick_fj(const Technology& technology, int bricks, OperandStatistics statistics, double sum_fj) {
    constexpr double unit_bricks = 16;
    const auto at = [&](int bits, int lanes) {
        return (measured(technology, row_of(technology, "composable", bits, lanes), statistics).energy_fj - sum_fj) /
               unit_bricks;
    };
    switch (bricks) {
        case 1:
            return at(2, 16);
        case 2:
            return std::sqrt(at(2, 16) * at(4, 4));
        case 4:
            return at(4, 4);
        case 8:
            return std::sqrt(at(4, 4) * at(8, 1));
        default:
            return at(8, 1);
    }
}

}  // namespace

PeCost Technology::dot_pe(int lanes, int weight_bits, int activation_bits, int accumulator_bits,
                          OperandStatistics statistics) const {
    const std::vector<double> terms{1.0 * lanes * weight_bits * activation_bits,
                                    1.0 * lanes * (weight_bits + activation_bits), 1.0 * accumulator_bits};
    PeCost cost = fitted(*this, fits.at("dot_area"), fits.at("dot_energy_" + suffix(statistics)), terms,
                         {{"L", lanes}, {"w", weight_bits}, {"a", activation_bits}, {"c", accumulator_bits}});
    for (const MacRow& row : mac_rows) {
        if (row.kind == "dot" && row.lanes == lanes && row.weight_bits == weight_bits &&
            row.activation_bits == activation_bits && row.accumulator_bits == accumulator_bits) {
            cost = measured(*this, row, statistics);
        }
    }
    // The fit's points, like the rows, have operands of equal width.
    cost.in_range = cost.in_range && (cost.measured || weight_bits == activation_bits);
    // The sum's share, as the fit has it: a synthesized row knows the whole only.
    const double sum_fj = accumulator_bits * accumulator_bit(*this, "dot_energy_" + suffix(statistics));
    cost.step_fj = std::min(sum_fj, cost.energy_fj / 2);
    cost.energy_fj = (cost.energy_fj - cost.step_fj) / lanes;
    if (!cost.measured) {
        cost.critical_path_ns =
            nearest_critical_path_ns(*this, "dot", {weight_bits, activation_bits, accumulator_bits, lanes});
    }
    return cost;
}

PeCost Technology::bit_serial_pe(int lanes, int weight_bits, int accumulator_bits, OperandStatistics statistics) const {
    constexpr int synthesized_bits[] = {2, 4, 8};
    const int low_bits = weight_bits < synthesized_bits[1] ? synthesized_bits[0] : synthesized_bits[1];
    const double fraction = static_cast<double>(weight_bits - low_bits) / low_bits;
    PeCost cost = between(serial_at(*this, lanes, low_bits, statistics),
                          serial_at(*this, lanes, 2 * low_bits, statistics), fraction);
    if (weight_bits == synthesized_bits[2]) cost.measured = lanes == 1 || lanes == 16;
    add_accumulator_bits(cost, *this, accumulator_bits, statistics);
    cost.in_range = weight_bits >= 2 && weight_bits <= 8 && lanes <= 16 && accumulator_bits == kUnitAccumulatorBits;
    const bool scaled = row_of(*this, "bit_serial", low_bits, 1).scaled;
    finish_bands(*this, cost, cost.measured ? mac_row_relative_error : kUnitEnergyError, scaled);
    return cost;
}

PeCost Technology::composable_pe(int weight_bits, int activation_bits, int accumulator_bits, int mode_weight_bits,
                                 int mode_activation_bits, OperandStatistics statistics) const {
    constexpr double unit_bricks = 16;
    const MacRow& unit = row_of(*this, "composable", 8, 1);
    const int bricks = bricks_along(weight_bits) * bricks_along(activation_bits);
    const int product_bricks = std::min(bricks, bricks_along(std::min(mode_weight_bits, weight_bits)) *
                                                    bricks_along(std::min(mode_activation_bits, activation_bits)));
    const double share = bricks / unit_bricks;
    const double sum_um2 = kUnitAccumulatorBits * accumulator_bit(*this, "pe_area");
    const double sum_nw = kUnitAccumulatorBits * accumulator_bit(*this, "pe_leakage");
    const double sum_fj = kUnitAccumulatorBits * accumulator_bit(*this, "pe_energy_" + suffix(statistics));
    PeCost cost = measured(*this, unit, statistics);
    cost.area_um2 = sum_um2 + (unit.area_um2 - sum_um2) * share;
    cost.leakage_nw = sum_nw + (unit.leakage_nw - sum_nw) * share;
    cost.energy_fj = product_bricks * brick_fj(*this, product_bricks, statistics, sum_fj);
    cost.step_fj = sum_fj;
    add_accumulator_bits(cost, *this, accumulator_bits, statistics);
    const bool synthesized_mode = product_bricks == 1 || product_bricks == 4 || product_bricks == unit_bricks;
    cost.measured = bricks == unit_bricks && synthesized_mode && accumulator_bits == kUnitAccumulatorBits;
    cost.in_range = cost.measured;
    finish_bands(*this, cost, cost.measured ? mac_row_relative_error : kUnitEnergyError, unit.scaled);
    return cost;
}

std::vector<std::pair<double, double>> Technology::narrow_factors(int pe_weight_bits, int pe_activation_bits) const {
    constexpr double most_saved = 0.9;
    std::map<int, std::map<double, double>> saved;  // by PE, then by halvings
    for (const NarrowRow& row : narrow_rows) {
        saved[row.pe_bits][std::log2(static_cast<double>(row.pe_bits) / row.data_bits)] = 1 - row.factor;
    }
    const auto& [low_bits, low] = *saved.begin();
    const auto& [high_bits, high] = *saved.rbegin();
    const double pe_bits = std::sqrt(static_cast<double>(pe_weight_bits) * pe_activation_bits);
    std::vector<std::pair<double, double>> factors{{0, 1}};
    for (const auto& [halvings, share] : low) {
        double factor = 1 - share;
        const auto wide = high.find(halvings);
        if (high_bits != low_bits && wide != high.end()) {
            // The multiplier's share of a PE, and with it what narrow data saves, grows with the width.
            const double place = std::log2(pe_bits / low_bits) / std::log2(static_cast<double>(high_bits) / low_bits);
            factor = 1 - std::min(share * std::pow(wide->second / share, place), most_saved);
        }
        factors.emplace_back(halvings, factor);
    }
    return factors;
}

}  // namespace npusim
