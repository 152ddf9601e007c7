// What synthesis and the SRAM compiler gave, as it was published with the table: does it come out of the look-ups?
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <stdexcept>

#include "npusim/arch/technology.h"

using namespace npusim;

namespace {

const Technology& technology() {
    static const Technology table = read_technology(NPUSIM_SOURCE_DIR "/arch/technology/45nm.json");
    return table;
}

/// The table without its measured rows, so that every look-up uses the fits.
const Technology& fits_only() {
    static const Technology table = [] {
        Technology copy = technology();
        copy.mac_rows.clear();
        return copy;
    }();
    return table;
}

const MacRow& multiplier(int bits) {
    for (const MacRow& row : technology().mac_rows) {
        if (row.kind == "mul" && row.weight_bits == bits && row.activation_bits == bits) return row;
    }
    throw std::logic_error("no such multiplier");
}

/// p where value ~ bits^p between bits and half as many.
double exponent(double value, double value_at_half) {
    return std::log2(value / value_at_half);
}

double worst_error(bool binary_weights, double (*fitted)(const PeCost&), double (*measured)(const MacRow&),
                   OperandStatistics statistics) {
    double worst = 0;
    for (const MacRow& row : technology().mac_rows) {
        if (row.kind != "pe" || (row.weight_bits == 1) != binary_weights) continue;
        const PeCost cost = fits_only().pe(row.weight_bits, row.activation_bits, row.accumulator_bits, statistics);
        worst = std::max(worst, std::abs(fitted(cost) / measured(row) - 1));
    }
    return worst;
}

double energy(const PeCost& cost) {
    return cost.energy_fj;
}
double area(const PeCost& cost) {
    return cost.area_um2;
}
double leakage(const PeCost& cost) {
    return cost.leakage_nw;
}

}  // namespace

TEST_CASE("The table holds all 66 synthesized multipliers and PEs with the published sums of their columns") {
    std::array<double, 5> sums{};
    std::size_t rows = 0;
    for (const MacRow& row : technology().mac_rows) {
        if (row.kind != "mul" && row.kind != "pe") continue;
        ++rows;
        CHECK(row.lanes == 1);
        CHECK((row.kind == "mul") == (row.accumulator_bits == 0));
        const std::array<double, 5> values{row.area_um2, row.leakage_nw, row.critical_path_ps, row.energy_uniform_fj,
                                           row.energy_realistic_fj};
        for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
    }
    CHECK(rows == 66);
    CHECK(technology().mac_rows.size() == 66 + 13 + 5 + 6 + 3);  // dot, output stationary, bit-serial, composable
    CHECK(sums[0] == Approx(34542.5).epsilon(1e-9));
    CHECK(sums[1] == Approx(679934.5).epsilon(1e-9));
    CHECK(sums[2] == Approx(82374.0).epsilon(1e-9));
    CHECK(sums[3] == Approx(64438.1).epsilon(1e-9));
    CHECK(sums[4] == Approx(50473.2).epsilon(1e-9));
}

TEST_CASE("The multiplier shrinks quadratically or faster with precision") {
    CHECK(exponent(multiplier(8).area_um2, multiplier(4).area_um2) == Approx(2.16).margin(0.005));
    CHECK(exponent(multiplier(4).area_um2, multiplier(2).area_um2) == Approx(2.45).margin(0.005));
    CHECK(exponent(multiplier(16).area_um2, multiplier(8).area_um2) == Approx(2.13).margin(0.005));
    CHECK(exponent(multiplier(8).energy_realistic_fj, multiplier(4).energy_realistic_fj) == Approx(2.38).margin(0.005));
    CHECK(exponent(multiplier(4).energy_realistic_fj, multiplier(2).energy_realistic_fj) == Approx(2.96).margin(0.01));
    CHECK(exponent(multiplier(8).energy_uniform_fj, multiplier(4).energy_uniform_fj) == Approx(2.18).margin(0.005));
}

TEST_CASE("The PE shrinks far slower than quadratically with precision") {
    const auto pe = [](int bits, int c) { return technology().pe(bits, bits, c, OperandStatistics::realistic); };
    struct Published {
        int bits;
        double scaled_area, scaled_energy, fixed_area, fixed_energy;
    };
    for (const auto& row : {Published{8, 1.23, 1.18, 0.85, 0.94}, Published{4, 0.81, 0.78, 0.41, 0.39}}) {
        const int half = row.bits / 2;
        const PeCost scaled = pe(row.bits, 2 * row.bits + 11);
        const PeCost scaled_half = pe(half, 2 * half + 11);
        REQUIRE((scaled.measured && scaled_half.measured));
        CHECK(exponent(scaled.area_um2, scaled_half.area_um2) == Approx(row.scaled_area).margin(0.006));
        CHECK(exponent(scaled.energy_fj, scaled_half.energy_fj) == Approx(row.scaled_energy).margin(0.006));
        CHECK(exponent(pe(row.bits, 32).area_um2, pe(half, 32).area_um2) == Approx(row.fixed_area).margin(0.006));
        CHECK(exponent(pe(row.bits, 32).energy_fj, pe(half, 32).energy_fj) == Approx(row.fixed_energy).margin(0.006));
    }
}

TEST_CASE("The fits meet the synthesized PEs within the published bounds, and the table states these bounds") {
    constexpr auto realistic = OperandStatistics::realistic;
    constexpr auto uniform = OperandStatistics::uniform;
    const auto row_area = [](const MacRow& row) { return row.area_um2; };
    const auto row_leakage = [](const MacRow& row) { return row.leakage_nw; };
    const auto row_realistic = [](const MacRow& row) { return row.energy_realistic_fj; };
    const auto row_uniform = [](const MacRow& row) { return row.energy_uniform_fj; };
    const auto check = [](double error, const std::string& fit, double published) {
        INFO(fit);
        CHECK(error <= technology().fits.at(fit).max_relative_error);
        CHECK(technology().fits.at(fit).max_relative_error <= published);
        CHECK(error > 0.9 * published);
    };
    check(worst_error(false, area, row_area, realistic), "pe_area", 0.035);
    check(worst_error(false, leakage, row_leakage, realistic), "pe_leakage", 0.046);
    check(worst_error(false, energy, row_realistic, realistic), "pe_energy_realistic", 0.133);
    check(worst_error(false, energy, row_uniform, uniform), "pe_energy_uniform", 0.12);
    check(worst_error(true, area, row_area, realistic), "pe_w1_area", 0.032);
    check(worst_error(true, energy, row_realistic, realistic), "pe_w1_energy_realistic", 0.103);
    check(worst_error(true, energy, row_uniform, uniform), "pe_w1_energy_uniform", 0.08);
    CHECK(worst_error(true, leakage, row_leakage, realistic) < 0.05);
}

TEST_CASE("Synthesized requantizers come out of their fit within its bound") {
    struct Published {
        int accumulator_bits, multiplier_bits, output_bits;
        double area_um2, uniform_fj, realistic_fj;
    };
    const std::vector<Published> published{
        {32, 16, 8, 3554.03, 4295.36, 6172.21}, {32, 32, 8, 6601.85, 5726.7, 8448.86},
        {32, 16, 4, 3477.68, 4242.94, 6057.75}, {27, 16, 8, 3027.35, 3935.62, 5590.6},
        {24, 16, 8, 2735.54, 3664.22, 5070.54}, {19, 16, 4, 2131.19, 2984.26, 4082.37},
        {15, 16, 2, 1639.09, 2245.64, 3073.74}, {16, 8, 4, 986.594, 1768.89, 1776.95}};
    for (const auto& row : published) {
        const auto cost = [&](OperandStatistics statistics) {
            return technology().requantizer(row.accumulator_bits, row.multiplier_bits, row.output_bits, statistics);
        };
        INFO(row.accumulator_bits << " " << row.multiplier_bits << " " << row.output_bits);
        const PeCost uniform = cost(OperandStatistics::uniform);
        const PeCost realistic = cost(OperandStatistics::realistic);
        CHECK(uniform.in_range);
        CHECK(uniform.area_um2 == Approx(row.area_um2).epsilon(0.0135));
        CHECK(uniform.energy_fj == Approx(row.uniform_fj).epsilon(uniform.relative_error));
        CHECK(realistic.energy_fj == Approx(row.realistic_fj).epsilon(realistic.relative_error));
        CHECK(uniform.relative_error <= 0.062);
        CHECK(realistic.relative_error <= 0.13);
    }
    const PeCost adder = technology().adder(32);
    CHECK(adder.area_um2 == Approx(198).epsilon(0.06));
    CHECK(adder.energy_fj == Approx(310 / 0.669).epsilon(0.08));
}

TEST_CASE("SRAM energies per bit agree with the published summary of the SRAM compiler's runs") {
    struct Published {
        int kib;
        std::array<double, 4> fj_per_bit;  // 32, 64, 128, 256 bits
    };
    for (const auto& row :
         {Published{1, {31, 26, 26, 36}}, Published{16, {216, 140, 84, 56}}, Published{64, {452, 302, 240, 187}},
          Published{1024, {1687, 1309, 1176, 1185}}, Published{4096, {3686, 2751, 2493, 2459}}}) {
        int width_bits = 32;
        for (const double expected : row.fj_per_bit) {
            const double read_pj = technology().sram_bank(std::int64_t{row.kib} * 1024, width_bits).read_pj;
            CHECK(1000 * read_pj / width_bits == Approx(expected).margin(0.5).epsilon(0.001));
            width_bits *= 2;
        }
    }
}

namespace {

/// A multiply-add with products of mantissas of these bits, by each of two sources.
void check_floating(NumberFormat format, int mantissa_bits, double horowitz_multiply_fj) {
    INFO(name_of(format));
    const double products = mantissa_bits * mantissa_bits / (24.0 * 24);
    const double horowitz_fj = (horowitz_multiply_fj + 900) / 0.669;
    const double aladdin_fj = 25200 * products + 7893;
    const FloatingUnits& units = technology().floating_units(format);
    CHECK(units.mac_energy_fj == Approx(std::sqrt(horowitz_fj * aladdin_fj)).epsilon(0.01));
    CHECK(units.mac_energy_fj * (1 + units.mac_relative_error) >= aladdin_fj);
    CHECK(units.mac_energy_fj / (1 + units.mac_relative_error) <= horowitz_fj);
    const PeCost adder = technology().floating_adder(format);
    CHECK(adder.energy_fj * (1 + adder.relative_error) >= 7893);
    CHECK(adder.energy_fj / (1 + adder.relative_error) <= 900 / 0.669);
    const PeCost pe = technology().floating_pe(format, Dataflow::weight_stationary);
    CHECK_FALSE(pe.measured);
    const int register_bits = 2 * floating_bits(format) + 32;
    CHECK(pe.area_um2 == Approx((5220 * products + 2118) * 1.2656 + register_bits * 4.522).epsilon(0.002));
    CHECK(pe.energy_fj == Approx(units.mac_energy_fj + (floating_bits(format) + 32) * 11.44));
    CHECK(technology().floating_pe(format, Dataflow::output_stationary).energy_fj ==
          Approx(pe.energy_fj + floating_bits(format) * 11.44));
}

}  // namespace

TEST_CASE("The estimated multiply-adds of floating point lie between the two sources that they were made from") {
    check_floating(NumberFormat::fp32, 24, 3700);
    check_floating(NumberFormat::fp16, 11, 1100);
    check_floating(NumberFormat::bf16, 8, 1100 * 64.0 / 121);
    const auto fj = [](NumberFormat format) {
        return technology().floating_pe(format, Dataflow::weight_stationary).energy_fj;
    };
    CHECK(fj(NumberFormat::fp32) > fj(NumberFormat::fp16));
    CHECK(fj(NumberFormat::fp16) > fj(NumberFormat::bf16));
    // A bf16 product is one of 8-bit integers and more.
    CHECK(fj(NumberFormat::bf16) > technology().pe(8, 8, 32, OperandStatistics::uniform).energy_fj);
    CHECK(fj(NumberFormat::fp32) > technology().pe(16, 16, 48, OperandStatistics::uniform).energy_fj);
}
