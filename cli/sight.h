// A simulation that writes the files by which one sees into it.
#pragma once

#include "cli/sight_options.h"
#include "npusim/arch/arch_spec.h"
#include "npusim/sim/run_result.h"
#include "npusim/sweeps/worker.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim::cli {

/// Throws InputError for a layer that the program has not.
void check_sight(const SightOptions& sight, const Program& program);

/// Timing of the program; once in a process. The files are written when it has ended, each whole or not at all.
[[nodiscard]] RunResult simulate_in_sight(const QuantizedNetwork& structure, const ArchSpec& arch,
                                          const Program& program, const SightOptions& sight,
                                          const FractionSink& progress);

}  // namespace npusim::cli
