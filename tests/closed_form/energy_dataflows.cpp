// PEs whose sums or inputs stay are priced as such.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>

#include "npusim/arch/cost.h"
#include "support/cost_notes.h"

using namespace npusim;

namespace {

const std::filesystem::path presets = NPUSIM_SOURCE_DIR "/arch";
constexpr OperandStatistics both_statistics[] = {OperandStatistics::realistic, OperandStatistics::uniform};

Technology table(const std::string& name = "45nm") {
    return read_technology(presets / "technology" / (name + ".json"));
}

ArchSpec chip(Dataflow dataflow, int weight_bits, int activation_bits, int sum_bits, PeKind kind = PeKind::scalar) {
    ArchSpec arch = read_arch(presets / "int8_array.json");
    arch.array.dataflow = dataflow;
    arch.array.pe = {kind, kind == PeKind::scalar ? 1 : 16, false, weight_bits, activation_bits};
    arch.array.accumulator_bits = sum_bits;
    return arch;
}

/// Of one product, and of the weight that moves in for it where the layer's sums stay.
double operation_fj(const ArchSpec& arch, const Technology& technology, CostEnd end = CostEnd::estimate,
                    std::optional<Dataflow> layer = std::nullopt) {
    Counters counters;
    counters.pe_operations = 1;
    counters.pe_steps = 1;
    const std::pair bits{arch.array.pe.weight_bits, arch.array.pe.activation_bits};
    counters.pe_operations_by_bits[bits] = 1;
    if (layer.value_or(arch.array.dataflow) == Dataflow::output_stationary) {
        counters.output_stationary_operations_by_bits[bits] = 1;
        counters.pe_loaded_bits = counters.output_stationary_loaded_bits =
            static_cast<std::uint64_t>(arch.array.pe.weight_bits);
    }
    return make_cost_model(arch, technology, end).energy(counters).array_pj * 1000;
}

bool mentions(const ArchSpec& arch, const Technology& technology, const std::string& words) {
    return test::mentions(make_cost_model(arch, technology), words);
}

double row_fj(const MacRow& row, OperandStatistics statistics) {
    return statistics == OperandStatistics::uniform ? row.energy_uniform_fj : row.energy_realistic_fj;
}

/// The rows of PEs whose sums stay.
std::vector<MacRow> rows_of(const Technology& technology) {
    std::vector<MacRow> rows;
    std::copy_if(technology.mac_rows.begin(), technology.mac_rows.end(), std::back_inserter(rows),
                 [](const MacRow& row) { return row.kind == "os"; });
    return rows;
}

}  // namespace

TEST_CASE("A chip whose sums stay takes the synthesized PE of this dataflow where there is one") {
    const Technology technology = table();
    CHECK(operation_fj(chip(Dataflow::output_stationary, 8, 8, 32), technology) == Approx(1009.2));
    CHECK(operation_fj(chip(Dataflow::output_stationary, 4, 4, 32), technology) == Approx(537.6));
    CHECK(operation_fj(chip(Dataflow::weight_stationary, 4, 4, 32), technology) == Approx(520.7));
    CHECK(make_cost_model(chip(Dataflow::output_stationary, 4, 4, 32), technology).pe.area_um2 == 364.15);
    CHECK(make_cost_model(chip(Dataflow::output_stationary, 4, 4, 32), technology).notes.empty());
}

TEST_CASE("Where no PE whose sum stays was synthesized, it takes what such PEs take of weight-stationary ones") {
    const Technology technology = table();
    const ArchSpec narrower_sum = chip(Dataflow::output_stationary, 8, 8, 27);
    CHECK(operation_fj(narrower_sum, technology) == Approx(945.8 * 1009.2 / 1001.7));
    CHECK(mentions(narrower_sum, technology, "No output-stationary PE of 8x8 bits with 27-bit partial sums"));
    const double between_fj = operation_fj(chip(Dataflow::output_stationary, 6, 6, 32), technology) / 738.4;
    CHECK(between_fj > 1009.2 / 1001.7);
    CHECK(between_fj < 537.6 / 520.7);
    CHECK(mentions(chip(Dataflow::output_stationary, 16, 16, 48), table("7nm"), "beyond the points"));
}

TEST_CASE("A synthesized PE whose sum stays is within the range that is told where its row is left out") {
    for (const char* const node : {"45nm", "7nm"}) {
        const Technology technology = table(node);
        REQUIRE(rows_of(technology).size() == technology.output_stationary_ratios.size());
        for (const MacRow& row : rows_of(technology)) {
            Technology without = technology;
            std::erase_if(without.mac_rows, [&](const MacRow& other) {
                return other.kind == "os" && other.weight_bits == row.weight_bits;
            });
            for (const OperandStatistics statistics : both_statistics) {
                INFO(node << " " << row.weight_bits << " bits");
                // At its own bits the ratio is the row's: what is left is the other points' line.
                const PeCost whole = without.output_stationary_pe(row.weight_bits, row.activation_bits,
                                                                  row.accumulator_bits, statistics);
                CHECK(whole.energy_fj == Approx(row_fj(row, statistics)));
                Technology line = without;
                std::erase_if(line.output_stationary_ratios,
                              [&](const OutputStationaryRatio& ratio) { return ratio.bits == row.weight_bits; });
                const double fj =
                    line.output_stationary_pe(row.weight_bits, row.activation_bits, row.accumulator_bits, statistics)
                        .energy_fj;
                CHECK(fj * whole.energy_band.low <= row_fj(row, statistics));
                CHECK(fj * whole.energy_band.high >= row_fj(row, statistics));
            }
        }
    }
}

TEST_CASE("A chip whose inputs stay takes the weight-stationary PE with the operands exchanged") {
    const Technology technology = table();
    const ArchSpec arch = chip(Dataflow::input_stationary, 8, 4, 32);
    CHECK(operation_fj(arch, technology) == Approx(746.8));
    CHECK(operation_fj(arch, technology) == operation_fj(chip(Dataflow::weight_stationary, 4, 8, 32), technology));
    CHECK(mentions(arch, technology, "operands have changed places"));
    CHECK(operation_fj(chip(Dataflow::input_stationary, 8, 8, 32), technology) == Approx(1001.7));
}

TEST_CASE("A chip whose layers differ in their dataflow takes for each layer what a chip of that dataflow takes") {
    const Technology technology = table();
    for (const int bits : {2, 8}) {
        const ArchSpec weights = chip(Dataflow::weight_stationary, bits, bits, 32);
        const ArchSpec sums = chip(Dataflow::output_stationary, bits, bits, 32);
        ArchSpec either = weights;
        either.array.layer_dataflows = {{"conv1", Dataflow::output_stationary}};
        ArchSpec automatic = weights;
        automatic.array.auto_dataflow = DataflowGoal::fastest;
        for (const ArchSpec& arch : {either, automatic}) {
            CHECK(mentions(arch, technology, "Layers may run in several dataflows"));
            for (const ArchSpec& one : {weights, sums}) {
                for (const CostEnd end : {CostEnd::estimate, CostEnd::low, CostEnd::high}) {
                    CHECK(operation_fj(arch, technology, end, one.array.dataflow) ==
                          Approx(operation_fj(one, technology, end)));
                }
                CHECK(make_cost_model(arch, technology).area.array_mm2 >=
                      make_cost_model(one, technology).area.array_mm2);
            }
        }
    }
}

TEST_CASE("Other PEs than scalar ones whose sums stay load a weight for each product") {
    const Technology technology = table();
    for (const PeKind kind : {PeKind::dot, PeKind::bit_serial}) {
        const ArchSpec arch = chip(Dataflow::output_stationary, 8, 8, 32, kind);
        const double weight_stationary_fj = operation_fj(chip(Dataflow::weight_stationary, 8, 8, 32, kind), technology);
        CHECK(operation_fj(arch, technology) == Approx(weight_stationary_fj + 8 * 20));
        CHECK(mentions(arch, technology, "No output-stationary " + std::string(name_of(kind)) + " PE was synthesized"));
    }
}

TEST_CASE("A table without PEs whose sums stay prices weight-stationary ones and says so") {
    Technology technology = table();
    std::erase_if(technology.mac_rows, [](const MacRow& row) { return row.kind == "os"; });
    technology.output_stationary_ratios.clear();
    const ArchSpec arch = chip(Dataflow::output_stationary, 8, 8, 32);
    CHECK(operation_fj(arch, technology) == Approx(1001.7));
    CHECK(operation_fj(arch, technology, CostEnd::high) > 1009.2);
    CHECK(mentions(arch, technology, "45nm has no output-stationary PE"));
}
