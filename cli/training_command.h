// `npusim train` and `npusim finetune`.
#pragma once

#include <iosfwd>

#include "cli/progress.h"
#include "cli/training_options.h"
#include "npusim/ranks/ranks.h"

namespace npusim::cli {

/// Trains as the options say and writes the network. Ends early when `stopped` becomes true (Ctrl-C): the run's folder
/// then holds everything to go on. False when it ended so. With `ranks` (not null) all of them share each batch; the
/// first one writes and prints.
bool run_training_command(const TrainingOptions& options, Progress& progress, const std::function<bool()>& stopped,
                          std::ostream& out, Ranks* ranks);

}  // namespace npusim::cli
