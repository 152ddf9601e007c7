// Runs a chip at several precisions, at equal MAC count and at equal area, and with changes.
#pragma once

#include "cli/progress.h"
#include "cli/scaling_options.h"
#include "cli/scaling_report.h"
#include "npusim/models/quantization/quantized_network.h"

namespace npusim::cli {

/// Simulates in worker processes, then measures accuracies on all threads. Once in a process, and before it has any
/// other thread.
[[nodiscard]] ScalingReport run_scaling_study(const ScalingOptions& options, const Environment& environment,
                                              Progress& progress);

/// The chip with as many more rows, columns, ports, lanes and bytes as fit into `area_mm2`; itself where nothing more
/// fits.
[[nodiscard]] ArchSpec filled_to_area(const ArchSpec& arch, const Technology& technology, double area_mm2);

/// The chip with floating-point operands and fp32 sums, as many elements in its buffers; a row for each lane of dot
/// PEs. Throws InputError where there is none.
[[nodiscard]] ArchSpec as_floating(const ArchSpec& arch, NumberFormat format);

struct ChipChange {
    std::string name;
    ArchSpec arch;
    std::string failure;  ///< why there is no such chip
};
/// Changes worth trying; `safe_accumulator_bits` is the narrowest that the network allows.
[[nodiscard]] std::vector<ChipChange> changes_of(const ArchSpec& arch, int safe_accumulator_bits);

/// Fills in the points' top-1 where weights and images are given.
void measure_scaled_accuracy(ScalingReport& report, const Options& options, Progress& progress);

}  // namespace npusim::cli
