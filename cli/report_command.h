// The page of a sweep from the command line.
#pragma once

#include <iosfwd>

#include "cli/printers.h"
#include "cli/report_options.h"

namespace npusim::cli {

/// Writes the page, and what else the options name.
void run_report_command(const ReportOptions& options, const Environment& environment, const Style& style,
                        std::ostream& out);

}  // namespace npusim::cli
