// The page's charts as pictures for papers.
#pragma once

#include <filesystem>

#include "cli/plot.h"
#include "npusim/report/report_data.h"

namespace npusim::cli {

/// As SVG and PNG: "accuracy_energy" ("latency_energy" and the like without accuracies), "energy_components",
/// "area_components" of the chosen point at all its precisions, and its "roofline". Nothing where no point has a
/// result. Throws as write_plot does.
void write_report_pictures(const ReportData& data, const std::filesystem::path& folder);

}  // namespace npusim::cli
