// Two results side by side: what differs in what ran, and every figure of both.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/arch/counters.h"
#include "npusim/sweeps/chip_fields.h"

namespace npusim::cli {

struct PricedLayer {
    std::string name;
    std::string op;
    Counters counters;
    double energy_pj = 0;
};

/// One side: a result with its prices, wherever it was kept.
struct PricedResult {
    std::string source;      ///< as the command line names it
    std::string network;     ///< with its input: "resnet20 3x32x32"
    std::string technology;  ///< the cost table's hash
    ArchSpec arch;
    Counters total;
    std::int64_t batch = 1;                                 ///< images that the counters are of
    std::vector<std::pair<std::string, double>> energy_pj;  ///< by component
    std::vector<std::pair<std::string, double>> area_mm2;   ///< by component
    std::map<std::string, double> accuracies;               ///< "fp32_top1", "quantized_top1", "top1"
    /// Where the known errors of the totals end: lowest and highest. Empty in results that do not tell.
    std::optional<std::pair<double, double>> energy_range_pj, area_range_mm2;
    std::vector<PricedLayer> layers;
};

enum class Unit { cycles, count, ms, per_second, pj, mm2, mj_ms, bytes, fraction };

/// A value of both; empty where one does not have it.
struct ComparedFigure {
    std::string name;  ///< with its unit: "energy_dram_pj"
    Unit unit = Unit::count;
    std::optional<double> a;
    std::optional<double> b;
    /// b - a and b / a, where they are defined.
    [[nodiscard]] std::optional<double> difference() const;
    [[nodiscard]] std::optional<double> ratio() const;
};

struct FigureGroup {
    std::string name;  ///< "result", "accuracy", "cycles", "energy", "area", "dram", "sram"
    std::vector<ComparedFigure> figures;
};

struct ComparedLayer {
    std::string name;
    std::string op;
    ComparedFigure cycles;
    ComparedFigure latency_ms;
    ComparedFigure energy_pj;
    /// The larger of the differences of time and of energy, as parts of the larger total of the two results.
    double weight = 0;
};

struct Comparison {
    PricedResult a;
    PricedResult b;
    std::vector<FieldDifference> chips;
    std::vector<FigureGroup> groups;    ///< those that have figures
    std::vector<ComparedLayer> layers;  ///< by name: in the order of `a`, then those that only `b` has
};

[[nodiscard]] Comparison compare_results(PricedResult a, PricedResult b);

/// Places in `layers`: those that differ most first, at most `most`, none that does not differ.
[[nodiscard]] std::vector<std::size_t> most_different_layers(const Comparison& comparison, std::size_t most);

}  // namespace npusim::cli
