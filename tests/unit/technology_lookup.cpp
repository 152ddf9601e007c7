#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "npusim/arch/technology.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"

using namespace npusim;
using Catch::Contains;

namespace {

const std::filesystem::path table_file = NPUSIM_SOURCE_DIR "/arch/technology/45nm.json";

const Technology& technology() {
    static const Technology table = read_technology(table_file);
    return table;
}

std::vector<double> figures(const SramCost& cost) {
    return {cost.read_pj, cost.write_pj, cost.area_mm2, cost.leakage_mw, cost.access_ns};
}

/// The table's own five figures of one cell.
std::vector<double> cell(std::size_t row, std::size_t column) {
    const SramTable& sram = technology().sram;
    return {sram.read_pj[row][column], sram.write_pj[row][column], sram.area_mm2[row][column],
            sram.leakage_mw[row][column], sram.access_ns[row][column]};
}

SramCost bank_at(std::size_t row, std::size_t column) {
    const SramTable& sram = technology().sram;
    return technology().sram_bank(static_cast<std::int64_t>(sram.capacity_bytes[row]),
                                  static_cast<int>(sram.width_bits[column]));
}

}  // namespace

TEST_CASE("A synthesized PE is returned as it was measured") {
    int rows = 0;
    for (const MacRow& row : technology().mac_rows) {
        if (row.kind != "pe") continue;
        ++rows;
        for (const auto statistics : {OperandStatistics::realistic, OperandStatistics::uniform}) {
            const PeCost cost = technology().pe(row.weight_bits, row.activation_bits, row.accumulator_bits, statistics);
            const bool uniform = statistics == OperandStatistics::uniform;
            CHECK(cost.measured);
            CHECK(cost.in_range);
            CHECK(cost.relative_error == 0);
            CHECK(cost.area_um2 == row.area_um2);
            CHECK(cost.leakage_nw == row.leakage_nw);
            CHECK(cost.energy_fj == (uniform ? row.energy_uniform_fj : row.energy_realistic_fj));
            CHECK(cost.critical_path_ns == row.critical_path_ps / 1000);
        }
    }
    CHECK(rows == 46);
}

TEST_CASE("A PE that was not synthesized comes from the fit and says so") {
    const PeCost cost = technology().pe(8, 8, 31, OperandStatistics::realistic);
    CHECK_FALSE(cost.measured);
    CHECK(cost.in_range);
    CHECK(cost.energy_fj == Approx(6.618 * 64 + 15.43 * 16 + 9.293 * 31));
    CHECK(cost.area_um2 == Approx(5.94 * 64 + 2.644 * 16 + 7.878 * 31));
    CHECK(cost.leakage_nw == Approx(114.0 * 64 + 71.94 * 16 + 150.6 * 31));
    CHECK(cost.relative_error == Approx(0.1327).margin(0.0005));
    CHECK(technology().pe(8, 8, 31, OperandStatistics::uniform).energy_fj ==
          Approx(9.575 * 64 + 15.31 * 16 + 9.85 * 31));
    const PeCost binary = technology().pe(1, 2, 20, OperandStatistics::realistic);
    CHECK(binary.energy_fj == Approx(29.54 * 2 + 11.6 * 20));
    CHECK(binary.area_um2 == Approx(11.88 * 2 + 7.968 * 20));
    CHECK(binary.leakage_nw == Approx(19.7 * binary.area_um2));
    CHECK_FALSE(technology().pe(8, 8, 60, OperandStatistics::realistic).in_range);
    CHECK_FALSE(technology().pe(4, 1, 20, OperandStatistics::realistic).in_range);
}

TEST_CASE("A critical path lies between those of the next synthesized accumulators, or is unknown") {
    const auto path = [](int w, int a, int c) {
        return technology().pe(w, a, c, OperandStatistics::realistic).critical_path_ns;
    };
    CHECK(path(8, 8, 30) == Approx(1.504 + (1.727 - 1.504) * 3 / 5));
    CHECK(path(16, 16, 47) == Approx(1.932 + (2.146 - 1.932) * 4 / 5));
    CHECK(path(8, 8, 50) == 1.8);
    CHECK(path(9, 9, 30) == 1.71);
    CHECK(path(13, 5, 30) == 0);
}

TEST_CASE("SRAM figures at the table's points are the table's to the last bit") {
    const SramTable& sram = technology().sram;
    for (std::size_t row = 0; row < sram.capacity_bytes.size(); ++row) {
        for (std::size_t column = 0; column < sram.width_bits.size(); ++column) {
            INFO(sram.capacity_bytes[row] << " bytes, " << sram.width_bits[column] << " bits");
            const bool is_gap = std::isnan(sram.read_pj[row][column]);
            CHECK(bank_at(row, column).in_range == !is_gap);
            if (!is_gap) CHECK(figures(bank_at(row, column)) == cell(row, column));
        }
    }
}

TEST_CASE("SRAM figures between points lie between those of the corners") {
    std::mt19937 random(2);
    const SramTable& sram = technology().sram;
    std::uniform_int_distribution<std::size_t> rows(2, sram.capacity_bytes.size() - 2);
    std::uniform_int_distribution<std::size_t> columns(0, sram.width_bits.size() - 2);
    std::uniform_real_distribution<double> octave(1, 2);
    for (int i = 0; i < 500; ++i) {
        const std::size_t row = rows(random);
        const std::size_t column = columns(random);
        const auto bytes = static_cast<std::int64_t>(sram.capacity_bytes[row] * octave(random));
        const int width_bits = static_cast<int>(sram.width_bits[column] * octave(random));
        const SramCost cost = technology().sram_bank(bytes, width_bits);
        INFO(bytes << " bytes, " << width_bits << " bits");
        CHECK(cost.in_range);
        for (std::size_t figure = 0; figure < 5; ++figure) {
            const std::vector<double> corners{cell(row, column)[figure], cell(row + 1, column)[figure],
                                              cell(row, column + 1)[figure], cell(row + 1, column + 1)[figure]};
            const auto [low, high] = std::minmax_element(corners.begin(), corners.end());
            CHECK(figures(cost)[figure] >= *low * (1 - 1e-12));
            CHECK(figures(cost)[figure] <= *high * (1 + 1e-12));
        }
    }
    const SramCost middle = technology().sram_bank(1448155, 64);  // 2^20.466
    CHECK(std::log2(middle.read_pj) ==
          Approx(std::log2(83.77) + (std::log2(125.8) - std::log2(83.77)) * (std::log2(1448155.0) - 20)));
}

TEST_CASE("SRAM figures beyond the table continue its edge and are marked") {
    const SramCost small = technology().sram_bank(512, 32);
    CHECK_FALSE(small.in_range);
    CHECK(small.read_pj == Approx(0.9886 * 0.9886 / 1.629));
    const SramCost large = technology().sram_bank(std::int64_t{1} << 24, 64);
    CHECK_FALSE(large.in_range);
    CHECK(large.area_mm2 == Approx(14.85 * std::pow(14.85 / 7.489, 2)));
    CHECK_FALSE(technology().sram_bank(65536, 16).in_range);
    const SramCost gap = technology().sram_bank(1024, 512);
    CHECK_FALSE(gap.in_range);
    CHECK(gap.read_pj == Approx(29.84 * 29.84 / 30.5));
    CHECK_FALSE(technology().sram_bank(3000, 1000).in_range);
    CHECK(technology().sram_bank(4096, 1000).in_range);
}

TEST_CASE("A port wider than the table is several macros side by side") {
    for (const int macros : {4, 8, 128}) {
        const SramCost one = technology().sram_bank(65536, 512);
        const SramCost wide = technology().sram_bank(65536 * macros, 512 * macros);
        CHECK(wide.in_range);
        CHECK(wide.read_pj == Approx(macros * one.read_pj));
        CHECK(wide.write_pj == Approx(macros * one.write_pj));
        CHECK(wide.area_mm2 == Approx(macros * one.area_mm2));
        CHECK(wide.leakage_mw == Approx(macros * one.leakage_mw));
        CHECK(wide.access_ns == Approx(one.access_ns));
    }
}

TEST_CASE("An unknown DRAM type is refused with the known ones") {
    CHECK(technology().dram_pj_per_bit_of("LPDDR4") == 8);
    CHECK(technology().dram_pj_per_bit_of("HBM2") == 3.9);
    CHECK_THROWS_WITH(technology().dram_pj_per_bit_of("LPDDR9"),
                      Contains("\"LPDDR9\"") && Contains("HBM2, HMC, LPDDR"));
}

TEST_CASE("A technology table knows its file and the hash of its content") {
    CHECK(technology().name == "45nm");
    CHECK(technology().node_nm == 45);
    CHECK(technology().file == table_file.string());
    CHECK(technology().content_hash == content_hash(std::string_view(read_text_file(table_file))));
}
