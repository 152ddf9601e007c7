// `npusim analyze`: what low precision does to a network and to its fine-tuning.
#pragma once

#include <iosfwd>

#include "cli/analyze_options.h"
#include "cli/analyze_report.h"
#include "cli/progress.h"

namespace npusim::cli {

[[nodiscard]] AnalyzeReport analyze(const AnalyzeOptions& options, Progress& progress);

/// Analyzes, writes the files that the options name and, unless quiet, prints.
void run_analyze_command(const AnalyzeOptions& options, const Style& style, Progress& progress, std::ostream& out);

}  // namespace npusim::cli
