// Design spaces from the command line: run one, put shards together, read a store as a table.
#pragma once

#include <functional>
#include <iosfwd>

#include "cli/printers.h"
#include "cli/progress.h"
#include "cli/sweep_options.h"
#include "npusim/ranks/ranks.h"

namespace npusim::cli {

struct SweepSurroundings {
    const Environment& environment;
    Progress& progress;
    std::function<bool()> should_stop;
    Ranks* ranks = nullptr;  ///< that share the work; null: this process works alone
};

/// False when it was stopped before its end. Once in a process, and before it has any other thread.
bool run_sweep_command(const SweepOptions& options, const SweepSurroundings& surroundings, const Style& style,
                       std::ostream& out);
void run_merge_command(const MergeOptions& options, std::ostream& out);
void run_table_command(const TableOptions& options, const Environment& environment, const Style& style,
                       std::ostream& out);

}  // namespace npusim::cli
