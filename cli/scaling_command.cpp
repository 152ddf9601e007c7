#include "cli/scaling_command.h"

#include "cli/scaling_study.h"
#include "npusim/base/files.h"

namespace npusim::cli {

void run_scaling_command(const ScalingOptions& options, const Environment& environment, const Style& style,
                         Progress& progress, std::ostream& out) {
    const ScalingReport report = run_scaling_study(options, environment, progress);
    progress.finish();
    if (!options.base.json.empty()) write_whole_file(options.base.json, scaling_json(report));
    if (!options.plot.empty()) write_scaling_plot(report, options.plot);
    if (!options.base.quiet) print_scaling(report, style, out);
}

}  // namespace npusim::cli
