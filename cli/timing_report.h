// The part of a report that needs a network's shapes and no weights: cycles, energy, the ladder of precisions.
#pragma once

#include <functional>

#include "cli/inputs.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "npusim/models/quantization/quantized_network.h"

namespace npusim::cli {

/// The network's structure at a chip's precision.
using StructureOf = std::function<QuantizedNetwork(const ArchSpec&)>;

/// The chip, its costs, and what of the provenance every run has.
void describe_chip(Report& report, const ChipFiles& chip, const Options& options);

/// Simulates the described chip and, unless the options leave it out, its ladder, in worker processes; then prices
/// both.
void simulate_timing(Report& report, const Technology& technology, const StructureOf& structure_of,
                     const Options& options, Progress& progress);

/// The narrowest accumulators that no layer can overflow: of integer chips only.
void note_accumulators(Report& report, const QuantizedNetwork& network);

}  // namespace npusim::cli
