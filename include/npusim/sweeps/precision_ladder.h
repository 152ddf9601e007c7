// The same chip at 16, 8, 4 and 2 uniform bits, and how each component's energy and area scale with the bits.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "npusim/arch/cost.h"
#include "npusim/models/graph/network.h"
#include "npusim/models/quantization/quantized_network.h"
#include "npusim/sweeps/worker.h"

namespace npusim {

inline constexpr int kLadderBits[] = {16, 8, 4, 2};

/// A chip of the ladder and what came of it. Where `failure` says something, the figures are 0.
struct LadderRung {
    int bits = 0;
    ArchSpec arch;
    std::string failure;
    Counters total;
    double milliseconds = 0;
    EnergyBreakdown energy;
    AreaBreakdown area;
};

/// value ∝ bits^exponent. Empty where a point is 0 or missing (DRAM has no area).
struct ComponentExponents {
    std::string component;  ///< as in EnergyBreakdown::parts, then "on_chip" and "total"
    std::optional<double> energy;
    std::optional<double> area;
};

struct PrecisionLadder {
    std::vector<LadderRung> rungs;  ///< as in kLadderBits
    std::vector<ComponentExponents> exponents;
    std::optional<double> latency_exponent;
    std::int64_t batch = 1;  ///< images that the figures of a rung are of
};

/// Least-squares slope of log2(value) over log2(bits). Empty with fewer than two points of different bits, or when a
/// value is not above 0.
[[nodiscard]] std::optional<double> scaling_exponent(const std::vector<std::pair<int, double>>& points);

/// The chips of the ladder, made from any chip; one that cannot be made has its failure set.
[[nodiscard]] std::vector<LadderRung> ladder_of(const ArchSpec& arch);

/// Simulates timing only: quantizes the structure, lowers and runs it. Once in a process. With `layers` (numbers of the
/// program's layers, ascending) only those; the totals are then theirs. Of a batch of images.
[[nodiscard]] RunResult run_timing(const Network& network, const ArchSpec& arch, const FractionSink& progress,
                                   std::int64_t batch = 1);
[[nodiscard]] RunResult run_timing(const Network& network, const ArchSpec& arch, const std::vector<std::size_t>& layers,
                                   const FractionSink& progress, std::int64_t batch = 1);

/// The same of a structure that is quantized already.
[[nodiscard]] RunResult run_timing(const QuantizedNetwork& structure, const ArchSpec& arch,
                                   const std::vector<std::size_t>& layers, const FractionSink& progress,
                                   std::int64_t batch = 1);
[[nodiscard]] RunResult run_timing(const QuantizedNetwork& structure, const ArchSpec& arch,
                                   const FractionSink& progress, std::int64_t batch = 1);

/// Prices the rungs from the outcomes of their runs (in the order of the rungs that have no failure) and fits the
/// exponents over the rungs that ran.
[[nodiscard]] PrecisionLadder price_ladder(std::vector<LadderRung> rungs, const std::vector<WorkerOutcome>& outcomes,
                                           const Technology& technology);

}  // namespace npusim
