// What `npusim scaling` says of a chip: exponents with their confidence, elements, the component that breaks the
// square.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/format.h"
#include "cli/plot.h"
#include "cli/scaling_study.h"

using namespace npusim;
using namespace npusim::cli;
using Catch::Contains;

namespace {

const std::filesystem::path presets = NPUSIM_SOURCE_DIR "/arch";

Technology table(const std::string& name) {
    return read_technology(presets / "technology" / (name + ".json"));
}

ScalingPoint point(int bits, double array_pj, double dram_pj) {
    ScalingPoint made;
    made.bits = bits;
    made.arch = read_arch(presets / "int8_array.json");
    made.milliseconds = 1;
    made.energy_pj = {{"array", array_pj}, {"dram", dram_pj}, {"on_chip", array_pj}, {"total", array_pj + dram_pj}};
    made.area_mm2 = {{"array", array_pj / 100}, {"total", array_pj / 100}};
    return made;
}

/// The array falls with the square of the bits, DRAM with the bits.
ScalingReport lawful_report() {
    ScalingReport report;
    report.network = "Network";
    report.chip = "chip";
    report.dram = "LPDDR4";
    report.provenance.technology = "45nm, 1.1 V";
    for (const int bits : {16, 8, 4, 2}) report.equal_macs.points.push_back(point(bits, 1e6 * bits * bits, 3e6 * bits));
    fit_series(report.equal_macs);
    return report;
}

const ElementRow& element(const std::vector<ElementRow>& rows, const std::string& name, const std::string& quantity) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const ElementRow& row) {
        return row.element.find(name) == 0 && row.quantity.find(quantity) != std::string::npos;
    });
    REQUIRE(found != rows.end());
    return *found;
}

struct Published {
    std::string element, quantity;
    double fit_2_to_8, exponent_2_to_4, exponent_4_to_8, exponent_8_to_16;  ///< 0: none was published
};

void check_elements(const std::string& technology, const std::vector<Published>& published) {
    const std::vector<ElementRow> rows = element_rows(table(technology));
    for (const Published& expected : published) {
        INFO(technology << ", " << expected.element << ", " << expected.quantity);
        const ElementRow& row = element(rows, expected.element, expected.quantity);
        // The tables hold their figures in four digits.
        constexpr double rounding = 0.012;
        CHECK(row.fit_2_to_8.value() == Approx(expected.fit_2_to_8).margin(rounding));
        CHECK(row.exponent_2_to_4.value() == Approx(expected.exponent_2_to_4).margin(rounding));
        CHECK(row.exponent_4_to_8.value() == Approx(expected.exponent_4_to_8).margin(rounding));
        CHECK(row.exponent_8_to_16.has_value() == (expected.exponent_8_to_16 != 0));
        if (row.exponent_8_to_16) CHECK(*row.exponent_8_to_16 == Approx(expected.exponent_8_to_16).margin(rounding));
    }
}

}  // namespace

TEST_CASE("The elements of the 45 nm table have the published exponents") {
    check_elements("45nm", {{"multiplier", "area", 2.31, 2.45, 2.16, 2.13},
                            {"multiplier", "uniform", 2.28, 2.44, 2.18, 2.15},
                            {"multiplier", "realistic", 2.63, 2.96, 2.38, 2.20},
                            {"PE, 2b+11", "area", 1.03, 0.81, 1.23, 1.61},
                            {"PE, 2b+11", "uniform", 1.08, 0.80, 1.30, 1.68},
                            {"PE, 2b+11", "realistic", 1.02, 0.78, 1.18, 1.60},
                            {"PE, 32", "area", 0.63, 0.41, 0.85, 1.43},
                            {"PE, 32", "uniform", 0.76, 0.45, 1.04, 1.54},
                            {"PE, 32", "realistic", 0.68, 0.39, 0.94, 1.40},
                            {"16-lane dot", "area", 1.57, 1.46, 1.67, 0},
                            {"16-lane dot", "uniform", 1.52, 1.46, 1.58, 0},
                            {"16-lane dot", "realistic", 1.53, 1.50, 1.56, 0}});
}

TEST_CASE("The elements of the 7 nm table have the exponents published for ASAP7") {
    check_elements("7nm", {{"multiplier", "area", 2.68, 3.11, 2.35, 2.17},
                           {"multiplier", "uniform", 2.92, 3.16, 2.79, 2.33},
                           {"multiplier", "realistic", 3.08, 3.13, 3.08, 2.34},
                           {"PE, 2b+11", "area", 1.08, 0.82, 1.33, 1.63},
                           {"PE, 2b+11", "uniform", 1.24, 1.01, 1.46, 1.88},
                           {"PE, 2b+11", "realistic", 1.18, 1.00, 1.34, 1.78},
                           {"PE, 32", "area", 0.65, 0.40, 0.91, 1.50},
                           {"PE, 32", "uniform", 0.95, 0.65, 1.24, 1.84},
                           {"PE, 32", "realistic", 0.86, 0.61, 1.15, 1.67},
                           {"16-lane dot", "area", 1.59, 1.51, 1.66, 0},
                           {"16-lane dot", "uniform", 1.69, 1.65, 1.73, 0},
                           {"16-lane dot", "realistic", 1.71, 1.73, 1.69, 0}});
}

TEST_CASE("The exponent's confidence interval is Student's, and a point for a true power law") {
    const auto exact = fit_power({{2, 8.0}, {4, 64.0}, {8, 512.0}});
    CHECK(exact->exponent == Approx(3));
    CHECK(exact->low == Approx(3).margin(1e-6));
    CHECK(exact->high == Approx(3).margin(1e-6));
    // ln x, ln y on (0, 0), (1, 1), (2, 1): slope 1/2, residual variance 1/6, standard error sqrt(1/12), t(1) = 12.706.
    const double e = std::exp(1.0);
    const auto bent = fit_power({{1, 1.0}, {e, e}, {e * e, e}});
    CHECK(bent->exponent == Approx(0.5));
    CHECK(bent->high - bent->exponent == Approx(12.706 * std::sqrt(1.0 / 12)));
    CHECK(bent->exponent - bent->low == Approx(12.706 * std::sqrt(1.0 / 12)));
}

TEST_CASE("A local exponent is that of the line through two points") {
    CHECK(*local_exponent({8, 64}, {4, 16}) == Approx(2));
    CHECK(*local_exponent({8, 5}, {2, 5}) == Approx(0).margin(1e-12));
    CHECK_FALSE(local_exponent({8, 5}, {8, 4}));
    CHECK_FALSE(local_exponent({8, 0}, {4, 4}));
}

TEST_CASE("The component farthest above the square is named with its power, and the change that helps most") {
    ScalingReport report = lawful_report();
    report.changes_at = 4;
    report.unchanged = point(4, 16e6, 12e6);
    report.changes = {{"one change", "", 27e6, 0, 0, 0}, {"another", "", 21e6, 0, 0, 0}, {"a third", "cannot be", 0}};
    conclude(report);
    CHECK(report.breaker == "dram");
    CHECK_THAT(report.sentence, Contains("From 16 to 2 bits") &&
                                    Contains("the DRAM (power 1.00, 60.0 % of the energy") &&
                                    Contains("another would help most: 25.0 % less energy"));
    CHECK(report.equal_macs.energy_pj[0].fit->exponent == Approx(2));
    CHECK(report.equal_macs.energy_pj[1].fit->exponent == Approx(1));
    CHECK(*report.equal_macs.energy_pj[0].local_exponents[2] == Approx(2));

    report.changes = {{"worse", "", 29e6, 0, 0, 0}};
    conclude(report);
    CHECK_THAT(report.sentence, Contains("None of the 1 changes tried at 4 bits helps."));
}

TEST_CASE("Energy that falls with the square breaks nothing, and one precision says nothing") {
    ScalingReport report;
    for (const int bits : {8, 4, 2}) report.equal_macs.points.push_back(point(bits, 1e6 * bits * bits, 0));
    fit_series(report.equal_macs);
    conclude(report);
    CHECK(report.breaker.empty());
    CHECK_THAT(report.sentence, Contains("at least with the square"));
    report.equal_macs.points[0].failure = report.equal_macs.points[1].failure = "cannot be built";
    conclude(report);
    CHECK_THAT(report.sentence, Contains("Fewer than two"));
}

TEST_CASE("A chip that fills an area has no room for another row and keeps its proportions") {
    const Technology technology = table("45nm");
    const ArchSpec chip = at_uniform_bits(read_arch(presets / "int8_array.json"), 4);
    const double area_mm2 = 3 * make_cost_model(chip, technology).area.total_mm2();
    const ArchSpec filled = filled_to_area(chip, technology, area_mm2);
    const double used_mm2 = make_cost_model(filled, technology).area.total_mm2();
    CHECK(used_mm2 <= area_mm2);
    CHECK(used_mm2 > 0.85 * area_mm2);
    CHECK(filled.array.rows == filled.array.columns);
    CHECK(filled_to_area(chip, technology, area_mm2 / 100) == chip);
}

TEST_CASE("A chip in floating point has as many products a cycle and elements in its buffers") {
    for (const std::string name : {"int8_array", "int4_dot16_array", "composable_array", "int8_server"}) {
        const ArchSpec chip = read_arch(presets / (name + ".json"));
        for (const NumberFormat format : {NumberFormat::fp32, NumberFormat::fp16, NumberFormat::bf16}) {
            INFO(name << " in " << name_of(format));
            const ArchSpec floating = as_floating(chip, format);
            const std::int64_t bits = floating_bits(format);
            CHECK(floating.number_format == format);
            CHECK(floating.array.rows * floating.array.columns ==
                  chip.array.rows * chip.array.columns * chip.array.pe.lanes);
            CHECK(floating.weight_buffer.bytes / bits == chip.weight_buffer.bytes / chip.array.pe.weight_bits);
            CHECK(floating.activation_buffer.bytes / bits ==
                  chip.activation_buffer.bytes / chip.array.pe.activation_bits);
            CHECK(floating.array.accumulator_bits == 32);
        }
    }
    const ArchSpec own = read_arch(presets / "bf16_array.json");
    ArchSpec made = as_floating(read_arch(presets / "int16_array.json"), NumberFormat::bf16);
    made.name = own.name;
    made.description = own.description;
    CHECK(made == own);
}

TEST_CASE("Changes give valid chips that differ from their origin, or say why there is none") {
    for (const std::string name : {"int8_array", "int4_array", "int2_array", "int8_server"}) {
        const ArchSpec chip = at_uniform_bits(read_arch(presets / (name + ".json")), 4);
        const std::vector<ChipChange> changes = changes_of(chip, 17);
        CHECK(changes.size() >= 8);
        for (const ChipChange& change : changes) {
            INFO(name << ": " << change.name);
            if (!change.failure.empty()) continue;
            CHECK_FALSE(change.arch == chip);
            CHECK(parse_arch(to_json(change.arch), "chip") == change.arch);
        }
    }
    ArchSpec narrow = at_uniform_bits(read_arch(presets / "int8_array.json"), 4);
    narrow.array.accumulator_bits = 17;
    for (const ChipChange& change : changes_of(narrow, 17)) CHECK(change.name.find("narrowest") == std::string::npos);
}

TEST_CASE("No line of the scaling report is wider than a terminal, and its JSON has the same figures") {
    ScalingReport report = lawful_report();
    report.elements = element_rows(table("45nm"));
    report.equal_area = report.equal_macs;
    for (const NumberFormat format : {NumberFormat::fp32, NumberFormat::bf16}) {
        report.floating.push_back(point(floating_bits(format), 5e9, 6e9));
        report.floating.back().arch.number_format = format;
    }
    report.unchanged = point(4, 16e6, 12e6);
    report.changes_at = 4;
    report.changes = {{"a change with a name that is much longer than the column that it stands in", "", 1, 2, 3, 4}};
    report.equal_macs.points[1].failure = "a reason that goes on and on " + std::string(120, 'x').replace(50, 1, " ");
    fit_series(report.equal_macs);
    conclude(report);
    std::ostringstream out;
    print_scaling(report, Style{}, out);
    std::istringstream lines(out.str());
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        CHECK(display_width(line) <= kReportWidth);
        CHECK((line.empty() || line.back() != ' '));
    }
    const auto json = nlohmann::json::parse(scaling_json(report));
    CHECK(json["equal_macs"]["points"][0]["energy_pj"]["total"] == 1e6 * 256 + 3e6 * 16);
    CHECK(json["equal_macs"]["energy_scaling"]["dram"]["fit"]["exponent"].get<double>() == Approx(1));
    CHECK(json["breaks_the_square"] == "dram");
    CHECK(json["sentence"] == report.sentence);
    CHECK(json["bf16"]["energy_pj"]["total"] == 11e9);
    CHECK(json["fp16"].is_null());
}
