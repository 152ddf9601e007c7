// Two results side by side: which figures and layers are put together, and how they read.
#include "cli/comparison.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/compare_printer.h"
#include "cli/format.h"

using namespace npusim;
using namespace npusim::cli;
using Catch::Matchers::Contains;

namespace {

PricedLayer layer(const std::string& name, std::uint64_t cycles, double energy_pj) {
    PricedLayer made{name, "convolution", {}, energy_pj};
    made.counters.total_cycles = cycles;
    made.counters.array.busy_cycles = cycles;
    return made;
}

PricedResult result(const std::vector<PricedLayer>& layers) {
    PricedResult made;
    made.source = "r.json";
    made.network = "net 3x8x8";
    made.arch = read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / "int4_array.json");
    made.layers = layers;
    double energy_pj = 0;
    for (const PricedLayer& one : layers) {
        made.total += one.counters;
        energy_pj += one.energy_pj;
    }
    made.energy_pj = {{"array", energy_pj}, {"leakage", 0}};
    made.area_mm2 = {{"array", 0.5}};
    return made;
}

std::string printed(const Comparison& comparison, const Style& style, bool layers = false) {
    std::ostringstream out;
    print_comparison(comparison, layers, style, out);
    return out.str();
}

const FigureGroup* group_named(const Comparison& comparison, const std::string& name) {
    for (const FigureGroup& group : comparison.groups) {
        if (group.name == name) return &group;
    }
    return nullptr;
}

}  // namespace

TEST_CASE("Layers are put together by name, those of one side only stay alone, the most different come first") {
    const Comparison comparison =
        compare_results(result({layer("a", 100, 50), layer("b", 300, 50), layer("c", 10, 1)}),
                        result({layer("b", 320, 90), layer("d", 40, 1), layer("a", 100, 50)}));
    REQUIRE(comparison.layers.size() == 4);
    const char* names[] = {"a", "b", "c", "d"};
    for (std::size_t i = 0; i < 4; ++i) CHECK(comparison.layers[i].name == names[i]);
    CHECK(comparison.layers[1].cycles.difference() == 20);
    CHECK(comparison.layers[1].energy_pj.ratio() == Approx(1.8));
    CHECK_FALSE(comparison.layers[2].cycles.b);
    CHECK_FALSE(comparison.layers[3].cycles.ratio());
    // b: 40 of 141 pJ; d: 40 of 460 cycles; c: 10 of 460 cycles; a does not differ.
    CHECK(most_different_layers(comparison, 10) == std::vector<std::size_t>{1, 3, 2});
    CHECK(most_different_layers(comparison, 1) == std::vector<std::size_t>{1});
}

TEST_CASE("Figures that are 0 on both sides are left out, and those of one side only have no ratio") {
    PricedResult a = result({layer("a", 100, 50)});
    PricedResult b = a;
    b.total.array.idle_cycles[static_cast<std::size_t>(IdleCause::dram)] = 7;
    b.energy_pj.emplace_back("new_part", 3);
    const Comparison comparison = compare_results(a, b);
    const FigureGroup* cycles = group_named(comparison, "cycles");
    REQUIRE(cycles != nullptr);
    REQUIRE(cycles->figures.size() == 2);
    CHECK(cycles->figures[1].name == "array_idle_dram_cycles");
    CHECK(cycles->figures[1].difference() == 7);
    CHECK_FALSE(cycles->figures[1].ratio());
    const FigureGroup* energy = group_named(comparison, "energy");
    REQUIRE(energy != nullptr);
    CHECK_FALSE(energy->figures.back().a);
    CHECK_FALSE(energy->figures.back().difference());
    CHECK(group_named(comparison, "dram") == nullptr);
}

TEST_CASE("Only accuracies that both sides have are compared") {
    PricedResult a = result({layer("a", 100, 50)});
    PricedResult b = a;
    a.accuracies = {{"fp32_top1", 0.9}, {"top1", 0.8}};
    CHECK(group_named(compare_results(a, b), "accuracy") == nullptr);
    b.accuracies = {{"top1", 0.7}, {"quantized_top1", 0.7}};
    const Comparison comparison = compare_results(a, b);
    REQUIRE(group_named(comparison, "accuracy") != nullptr);
    CHECK(group_named(comparison, "accuracy")->figures.size() == 1);
    CHECK_THAT(printed(comparison, {}), Contains("80.00") && Contains("70.00") && Contains("-10.00"));
}

TEST_CASE("No line of a comparison is wider than the screen, and only a terminal gets colours") {
    PricedResult a = result({layer(std::string(70, 'n') + ".conv1", 123'456'789'012, 5e12)});
    PricedResult b = result({layer(std::string(70, 'n') + ".conv1", 1, 5)});
    b.arch.precision.layers[std::string(120, 'n')] = {4, 4};
    b.arch.dram.type = std::string(60, 'd');
    const Comparison comparison = compare_results(a, b);
    for (const bool layers : {false, true}) {
        std::istringstream lines(printed(comparison, {}, layers));
        for (std::string line; std::getline(lines, line);) {
            INFO(line);
            CHECK(display_width(line) <= kReportWidth);
            CHECK(line.find('\033') == std::string::npos);
        }
    }
    CHECK_THAT(printed(comparison, Style{true}), Contains("\033[1m"));
}

TEST_CASE("A comparison in JSON has every number as it is, and Markdown breaks at no bar of a name") {
    PricedResult a = result({layer("one|two", 3, 0.1)});
    PricedResult b = result({layer("one|two", 7, 0.3)});
    const Comparison comparison = compare_results(a, b);
    const auto json = nlohmann::json::parse(comparison_json(comparison));
    const auto& energy = json.at("layers").at(0).at("figures").at(2);
    CHECK(energy.at("a") == 0.1);
    CHECK(energy.at("difference") == 0.3 - 0.1);
    CHECK(energy.at("ratio") == 0.3 / 0.1);
    CHECK_THAT(comparison_markdown(comparison), Contains("| one\\|two | 3 | 7 |"));
}
