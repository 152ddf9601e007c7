// Figures derived from counters, and the printers' agreement with the report that they read.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/format.h"
#include "cli/printers.h"

using namespace npusim;
using namespace npusim::cli;

namespace {

/// Two layers of 1000 and 3000 cycles at 500 MHz: 2 µs and 6 µs.
Report small_report() {
    const auto folder = std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch";
    Report report;
    report.arch = read_arch(folder / "int8_array.json");
    report.cost = make_cost_model(report.arch, read_technology(folder / "technology" / "45nm.json"));
    report.network = {"n", "Network, small", {3, 8, 8}, 10, 640'000, 100};
    for (const std::uint64_t cycles : {1000U, 3000U}) {
        LayerResult layer;
        layer.node = report.result.layers.size();
        layer.name = cycles == 1000 ? "first" : "se\"cond, last";
        layer.op = "convolution";
        layer.counters.total_cycles = cycles;
        layer.counters.macs = layer.counters.pe_operations = layer.counters.pe_steps = 160 * cycles;
        layer.counters.dram.weight_read_bytes = cycles == 1000 ? 8000 : 6000;
        layer.counters.array.busy_cycles = cycles;
        report.result.total += layer.counters;
        report.layers.push_back({{}, {}, {}, 1, 8, 8, {}, report.cost.energy(layer.counters)});
        report.result.layers.push_back(layer);
    }
    report.energy = report.cost.energy(report.result.total);
    report.figures = make_figures(report.cost, report.result, report.layers, report.energy);
    report.accuracy.missing = "not measured: weights missing";
    return report;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

}  // namespace

TEST_CASE("Latency, rate and power follow from cycles, operations and energy") {
    const Report report = small_report();
    const Figures& figures = report.figures;
    CHECK(figures.milliseconds == Approx(0.008));
    CHECK(figures.frames_per_second == Approx(125'000));
    CHECK(figures.utilization == Approx(160.0 / 256));
    CHECK(figures.tops == Approx(2 * 640'000 / 8e-6 / 1e12));
    CHECK(figures.average_mw == Approx(report.energy.total_pj() * 1e-12 / 8e-6 * 1e3));
    CHECK(figures.tops_per_watt == Approx(figures.tops / (figures.average_mw / 1e3)));
    CHECK(figures.tops_per_watt_on_chip == Approx(figures.tops / (figures.average_on_chip_mw / 1e3)));
    CHECK(figures.energy_delay_mj_ms == Approx(report.energy.total_pj() * 1e-9 * 0.008));
}

TEST_CASE("Peaks are the largest averages of a layer") {
    const Report report = small_report();
    CHECK(report.figures.peak_dram_gb_s == Approx(4));
    CHECK(report.figures.peak_dram_layer == "first");
    CHECK(report.figures.peak_mw == Approx(report.layers[0].energy.total_pj() / 2000));
    CHECK(report.figures.peak_mw_layer == "first");
}

TEST_CASE("No line of the terminal report is wider than the screen, and without colour none holds an escape") {
    Report report = small_report();
    report.accuracy.missing = "not measured: " + std::string(60, 'x') + " " + std::string(60, 'y') + " missing";
    std::ostringstream out;
    print_terminal(report, Style{}, out);
    print_layers(report, Style{}, out);
    for (const std::string& line : lines_of(out.str())) {
        INFO(line);
        CHECK(display_width(line) <= kReportWidth);
        CHECK(line.find('\033') == std::string::npos);
    }
}

TEST_CASE("Colour changes the look of the report and none of its words") {
    const Report report = small_report();
    std::ostringstream plain, coloured;
    print_terminal(report, Style{}, plain);
    print_terminal(report, Style{true}, coloured);
    std::string stripped;
    bool escape = false;
    for (const char c : coloured.str()) {
        if (c == '\033') escape = true;
        if (!escape) stripped += c;
        if (escape && c == 'm') escape = false;
    }
    CHECK(coloured.str() != plain.str());
    CHECK(stripped == plain.str());
}

TEST_CASE("The JSON report holds the chip, and layers whose counters add up to the total") {
    const auto json = nlohmann::json::parse(json_report(small_report()));
    CHECK(parse_arch(json.at("arch"), "report") == small_report().arch);
    std::uint64_t cycles = 0;
    double energy_pj = 0;
    for (const auto& layer : json.at("layers")) {
        cycles += layer.at("counters").at("total_cycles").get<std::uint64_t>();
        energy_pj += layer.at("energy").at("total_pj").get<double>();
    }
    CHECK(cycles == json.at("counters").at("total_cycles"));
    CHECK(energy_pj == Approx(json.at("energy").at("total_pj").get<double>()));
}

TEST_CASE("The CSV report has a header with units, a row for each layer, and quotes what needs it") {
    const auto lines = lines_of(csv_report(small_report()));
    REQUIRE(lines.size() == 3);
    CHECK_THAT(lines[0], Catch::StartsWith("index,name,op,") && Catch::Contains(",total_cycles,") &&
                             Catch::Contains(",dram_weight_read_bytes,") && Catch::Contains("energy_total_pj"));
    CHECK_THAT(lines[2], Catch::StartsWith("1,\"se\"\"cond, last\",convolution,"));
    const auto commas = [](const std::string& line) { return std::count(line.begin(), line.end(), ','); };
    CHECK(commas(lines[1]) == commas(lines[0]));
    CHECK(commas(lines[2]) == commas(lines[0]) + 1);
}

TEST_CASE("The verdict names the component that keeps the energy above quadratic scaling") {
    PrecisionLadder ladder;
    for (const int bits : {16, 2}) {
        LadderRung rung;
        rung.bits = bits;
        rung.energy.array_pj = bits * bits;
        rung.energy.dram_pj = bits;
        ladder.rungs.push_back(rung);
    }
    ladder.exponents = {{"dram", 1.0, {}}};
    CHECK_THAT(quadratic_verdict(ladder), Catch::Contains("DRAM (exponent 1.00"));
    for (LadderRung& rung : ladder.rungs) rung.energy.dram_pj = 0;
    CHECK(quadratic_verdict(ladder) == "Energy falls at least with the square of the bits.");
    ladder.rungs.pop_back();
    CHECK(quadratic_verdict(ladder).empty());
}
