// The part of the page that needs no script: what the sweep was and how far it came.
#pragma once

#include <string>
#include <string_view>

#include "npusim/report/report_data.h"

namespace npusim::report {

/// Text as HTML shows it, in elements and in quoted attributes.
[[nodiscard]] std::string escaped(std::string_view text);

[[nodiscard]] std::string summary_html(const ReportData& data);

}  // namespace npusim::report
