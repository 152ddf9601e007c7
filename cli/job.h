// The main job: one network on one chip.
#pragma once

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/report.h"

namespace npusim::cli {

/// Simulates in worker processes, then measures accuracy on all threads, then runs the machine with data in this
/// process. Once in a process, and before it has any other thread.
[[nodiscard]] Report run_job(const Options& options, const Environment& environment, Progress& progress);

}  // namespace npusim::cli
