// A layer list on one chip: shapes without weights, so timing, energy and area, and no accuracy.
#pragma once

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/report.h"

namespace npusim::cli {

/// Simulates in worker processes, before this process has any other thread. Once in a process.
[[nodiscard]] Report run_topology_job(const Options& options, const Environment& environment, Progress& progress);

}  // namespace npusim::cli
