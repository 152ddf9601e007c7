// PEs of other kinds, multipliers, SRAM left out point by point, and exponents: do the look-ups give what was published
// with the table?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "npusim/arch/technology.h"

using namespace npusim;

namespace {

const std::filesystem::path folder = NPUSIM_SOURCE_DIR "/arch/technology";

const Technology& technology() {
    static const Technology table = read_technology(folder / "45nm.json");
    return table;
}

/// The table without its rows of a kind, so that look-ups use the fits.
Technology without(const std::string& kind) {
    Technology copy = technology();
    std::erase_if(copy.mac_rows, [&](const MacRow& row) { return row.kind == kind; });
    return copy;
}

double energy_of(const MacRow& row, OperandStatistics statistics) {
    return statistics == OperandStatistics::uniform ? row.energy_uniform_fj : row.energy_realistic_fj;
}

/// Of a step with all lanes at work.
double step_energy(const PeCost& cost, int lanes) {
    return cost.energy_fj * lanes + cost.step_fj;
}

constexpr OperandStatistics both[] = {OperandStatistics::realistic, OperandStatistics::uniform};

}  // namespace

TEST_CASE("Every synthesized multiplier and dot-product PE is returned as it was measured") {
    for (const MacRow& row : technology().mac_rows) {
        for (const auto statistics : both) {
            INFO(row.kind << " " << row.weight_bits << "x" << row.activation_bits << " " << row.lanes);
            if (row.kind == "mul") {
                const PeCost cost = technology().multiplier(row.weight_bits, row.activation_bits, statistics);
                CHECK(cost.measured);
                CHECK(cost.area_um2 == row.area_um2);
                CHECK(cost.energy_fj == energy_of(row, statistics));
            }
            if (row.kind != "dot") continue;
            const PeCost cost =
                technology().dot_pe(row.lanes, row.weight_bits, row.activation_bits, row.accumulator_bits, statistics);
            CHECK(cost.measured);
            CHECK(cost.area_um2 == row.area_um2);
            CHECK(cost.leakage_nw == row.leakage_nw);
            CHECK(cost.critical_path_ns == row.critical_path_ps / 1000);
            CHECK(step_energy(cost, row.lanes) == Approx(energy_of(row, statistics)).epsilon(1e-12));
        }
    }
}

TEST_CASE("Without their rows multipliers and dot-product PEs come out of their fits within the published bounds") {
    const Technology no_dot = without("dot");
    const Technology no_mul = without("mul");
    std::map<std::string, double> worst;
    const auto note = [&](const std::string& fit, double fitted, double truth) {
        worst[fit] = std::max(worst[fit], std::abs(fitted / truth - 1));
    };
    for (const MacRow& row : technology().mac_rows) {
        for (const auto statistics : both) {
            const std::string end = statistics == OperandStatistics::uniform ? "uniform" : "realistic";
            if (row.kind == "dot") {
                const PeCost cost =
                    no_dot.dot_pe(row.lanes, row.weight_bits, row.activation_bits, row.accumulator_bits, statistics);
                CHECK_FALSE(cost.measured);
                CHECK(cost.in_range == (row.weight_bits >= 2));
                if (!cost.in_range) continue;
                note("dot_area", cost.area_um2, row.area_um2);
                note("dot_energy_" + end, step_energy(cost, row.lanes), energy_of(row, statistics));
            } else if (row.kind == "mul") {
                const PeCost cost = no_mul.multiplier(row.weight_bits, row.activation_bits, statistics);
                CHECK(cost.in_range == (row.weight_bits >= 2 && row.weight_bits <= 16));
                if (!cost.in_range) continue;
                note("multiplier_area", cost.area_um2, row.area_um2);
                note("multiplier_energy_" + end, cost.energy_fj, energy_of(row, statistics));
            }
        }
    }
    const std::map<std::string, double> published{
        {"dot_area", 0.0055},       {"dot_energy_realistic", 0.0595},       {"dot_energy_uniform", 0.0415},
        {"multiplier_area", 0.158}, {"multiplier_energy_realistic", 0.204}, {"multiplier_energy_uniform", 0.27}};
    for (const auto& [fit, bound] : published) {
        INFO(fit);
        CHECK(worst.at(fit) <= technology().fits.at(fit).max_relative_error);
        CHECK(technology().fits.at(fit).max_relative_error <= bound);
        CHECK(worst.at(fit) > 0.9 * bound);
    }
}

TEST_CASE("Precision-scalable PEs have the published area and energy of a MAC in each of their modes") {
    constexpr auto realistic = OperandStatistics::realistic;
    struct Published {
        int bits;
        double composable_fj, serial_fj, lone_serial_fj, serial_um2, lone_serial_um2;
    };
    for (const auto& row : {Published{8, 3390, 1220, 3814, 2274, 476}, Published{4, 896, 544, 1990, 1524, 445},
                            Published{2, 259, 253, 980, 1141, 431}}) {
        INFO(row.bits << " bits");
        const int products = 64 / (row.bits * row.bits);
        const PeCost unit = technology().composable_pe(8, 8, 32, row.bits, row.bits, realistic);
        CHECK(unit.measured);
        CHECK(unit.area_um2 == Approx(2250).margin(0.5));
        CHECK(step_energy(unit, products) / products == Approx(row.composable_fj).margin(0.6));
        const PeCost serial = technology().bit_serial_pe(16, row.bits, 32, realistic);
        CHECK(serial.measured);
        CHECK(serial.area_um2 == Approx(row.serial_um2).margin(0.5));
        CHECK(step_energy(serial, 16) * row.bits / 16 == Approx(row.serial_fj).margin(0.6));
        const PeCost lone = technology().bit_serial_pe(1, row.bits, 32, realistic);
        CHECK(lone.area_um2 == Approx(row.lone_serial_um2).margin(0.5));
        CHECK(step_energy(lone, 1) * row.bits == Approx(row.lone_serial_fj).margin(0.6));
    }
    CHECK_FALSE(technology().composable_pe(4, 4, 32, 4, 4, realistic).in_range);
    CHECK_FALSE(technology().composable_pe(8, 8, 32, 8, 4, realistic).measured);
    CHECK_FALSE(technology().bit_serial_pe(16, 16, 32, realistic).in_range);
    CHECK_FALSE(technology().bit_serial_pe(16, 8, 24, realistic).in_range);
}

TEST_CASE("A fixed PE that is fed narrower data saves what was measured at 8 and at 16 bits") {
    const auto factors = [](int bits) {
        std::map<double, double> by_halvings;
        for (const auto& [halvings, factor] : technology().narrow_factors(bits, bits)) by_halvings[halvings] = factor;
        return by_halvings;
    };
    CHECK(factors(8).at(0) == 1);
    CHECK(factors(8).at(1) == Approx(0.863));
    CHECK(factors(8).at(2) == Approx(0.744));
    CHECK(factors(16).at(1) == Approx(0.76));
    CHECK(factors(16).at(2) == Approx(0.621));
    // Narrower PEs have less multiplier to save in.
    CHECK(factors(4).at(1) > factors(8).at(1));
    CHECK(factors(4).at(1) < 1);
}

TEST_CASE("Output-stationary PEs differ little from weight-stationary ones in area, and in energy with real data") {
    for (const MacRow& row : technology().mac_rows) {
        if (row.kind != "os" || row.weight_bits == 1) continue;
        const PeCost pe =
            technology().pe(row.weight_bits, row.activation_bits, row.accumulator_bits, OperandStatistics::realistic);
        CHECK(row.area_um2 == Approx(pe.area_um2).epsilon(0.025));
        CHECK(row.energy_realistic_fj == Approx(pe.energy_fj).epsilon(0.035));
    }
}

TEST_CASE("SRAM figures left out and interpolated along capacity stay within the published errors") {
    const SramTable& sram = technology().sram;
    const auto errors = [&](const std::vector<std::vector<double>>& matrix) {
        double sum = 0;
        double worst = 0;
        int count = 0;
        for (std::size_t row = 1; row + 1 < matrix.size(); ++row) {
            for (std::size_t column = 0; column < matrix[row].size(); ++column) {
                if (std::isnan(matrix[row - 1][column]) || std::isnan(matrix[row][column])) continue;
                const double between = std::sqrt(matrix[row - 1][column] * matrix[row + 1][column]);
                const double error = std::abs(between / matrix[row][column] - 1);
                sum += error;
                worst = std::max(worst, error);
                ++count;
            }
        }
        return std::pair{sum / count, worst};
    };
    struct Published {
        const std::vector<std::vector<double>>& matrix;
        double mean, largest, factor;
    };
    for (const auto& row : {Published{sram.read_pj, 0.063, 0.28, sram.along_capacity.read},
                            Published{sram.write_pj, 0.085, 0.613, sram.along_capacity.write},
                            Published{sram.area_mm2, 0.064, 0.29, sram.along_capacity.area}}) {
        const auto [mean, largest] = errors(row.matrix);
        CHECK(mean <= row.mean);
        CHECK(largest <= row.largest);
        CHECK(largest <= row.factor - 1 + 1e-9);
    }
}

TEST_CASE("An SRAM figure's error is none at the table's points, and between them at most the left-out one") {
    const Technology& table = technology();
    const SramCost point = table.sram_bank(65536, 128);
    CHECK(point.read_band.high == 1);
    CHECK(point.area_band.low == 1);
    for (const int width_bits : {128, 150, 181, 200, 250}) {
        for (const std::int64_t bytes : {65536, 70000, 92682, 120000, 131072}) {
            const SramCost cost = table.sram_bank(bytes, width_bits);
            const double most = table.sram.along_capacity.read * table.sram.along_width.read;
            CHECK(cost.read_band.high >= 1);
            CHECK(cost.read_band.high <= most * (1 + 1e-12));
            CHECK(cost.read_band.low >= 1 / most * (1 - 1e-12));
            // Nor does it leave the range of the four points around: 30.7, 47.91, 48.57 and 94.53 pJ.
            CHECK(cost.read_pj * cost.read_band.high <= 94.53 * (1 + 1e-12));
            CHECK(cost.read_pj * cost.read_band.low >= 30.7 * (1 - 1e-12));
        }
    }
    const SramCost between = table.sram_bank(92682, 181);
    CHECK(between.read_band.high > 1.2);
    CHECK(between.read_band.low < 0.8);
}

TEST_CASE("The tables of other nodes are read, and each of their figures is the 45 nm one times its factor") {
    for (const auto& [name, energy, area] :
         {std::tuple{"28nm", 0.4, 0.368}, {"22nm", 0.28, 0.246}, {"16nm", 0.2, 0.19}}) {
        const Technology table = read_technology(folder / (std::string(name) + ".json"));
        INFO(name);
        CHECK(table.based_on == "45nm");
        const PeCost own = table.pe(8, 8, 32, OperandStatistics::realistic);
        CHECK(own.energy_fj == Approx(1001.7 * energy));
        CHECK(own.area_um2 == Approx(665 * area));
        CHECK(own.energy_band.high >= 1.5);
        CHECK(table.sram_bank(65536, 128).read_pj < technology().sram_bank(65536, 128).read_pj);
        CHECK(table.dram_pj_per_bit == technology().dram_pj_per_bit);
    }
    const Technology finest = read_technology(folder / "7nm.json");
    CHECK(finest.pe(8, 8, 32, OperandStatistics::realistic).energy_fj == 139.4);
    CHECK(finest.pe(8, 8, 32, OperandStatistics::realistic).area_um2 == 53.0712);
    CHECK(finest.dot_pe(16, 4, 4, 19, OperandStatistics::realistic).measured);
    CHECK(finest.requantizer(19, 16, 4, OperandStatistics::realistic).energy_band.high > 1.15);
    CHECK(finest.content_hash != technology().content_hash);
}

TEST_CASE("The fits of the 7 nm table meet its own rows within the bounds that it states") {
    const Technology table = read_technology(folder / "7nm.json");
    Technology fits_only = table;
    fits_only.mac_rows.clear();
    for (const MacRow& row : table.mac_rows) {
        if (row.scaled || row.weight_bits < 2) continue;
        for (const auto statistics : both) {
            PeCost cost;
            if (row.kind == "pe") {
                cost = fits_only.pe(row.weight_bits, row.activation_bits, row.accumulator_bits, statistics);
            } else if (row.kind == "dot") {
                cost =
                    fits_only.dot_pe(row.lanes, row.weight_bits, row.activation_bits, row.accumulator_bits, statistics);
            } else if (row.kind == "mul") {
                cost = fits_only.multiplier(row.weight_bits, row.activation_bits, statistics);
            } else {
                continue;
            }
            INFO(row.kind << " " << row.weight_bits << "x" << row.activation_bits << " " << row.accumulator_bits);
            CHECK(cost.in_range);
            CHECK(step_energy(cost, row.lanes) ==
                  Approx(energy_of(row, statistics)).epsilon(cost.relative_error * 1.001));
            CHECK(cost.area_um2 == Approx(row.area_um2).epsilon(cost.relative_error * 1.001));
        }
    }
}
