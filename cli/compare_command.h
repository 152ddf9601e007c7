// Two results side by side.
#pragma once

#include <iosfwd>

#include "cli/compare_options.h"
#include "cli/printers.h"

namespace npusim::cli {

void run_compare_command(const CompareOptions& options, const Environment& environment, const Style& style,
                         std::ostream& out);

}  // namespace npusim::cli
