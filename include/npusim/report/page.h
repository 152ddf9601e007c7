// The page of a sweep: one HTML file with its data, its charts and nothing that is loaded from anywhere.
#pragma once

#include <string>

#include "npusim/report/report_data.h"

namespace npusim {

/// The page's data block: columns instead of rows, numbers rounded to six significant digits (whole ones below 2^53
/// exact), no '<' in it.
[[nodiscard]] std::string report_json(const ReportData& data, const std::string& version);

/// The same data give the same bytes. `version` is npusim's.
[[nodiscard]] std::string report_page(const ReportData& data, const std::string& version);

}  // namespace npusim
