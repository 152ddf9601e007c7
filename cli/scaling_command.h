// `npusim scaling`: where energy and area follow the square of the bits, and what breaks it.
#pragma once

#include <iosfwd>

#include "cli/progress.h"
#include "cli/scaling_options.h"

namespace npusim::cli {

struct Style;

void run_scaling_command(const ScalingOptions& options, const Environment& environment, const Style& style,
                         Progress& progress, std::ostream& out);

}  // namespace npusim::cli
