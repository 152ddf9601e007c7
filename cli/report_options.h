// The command line of `npusim report`.
#pragma once

#include "cli/sweep_options.h"

namespace npusim::cli {

struct ReportOptions {
    TableOptions table;              ///< store, sweep, and files of the table
    std::filesystem::path out;       ///< the page
    std::filesystem::path pictures;  ///< a folder; empty: none
};

/// `arguments` holds the program's name and the command's. Throws InputError with every problem.
[[nodiscard]] ReportOptions parse_report_options(const std::vector<std::string>& arguments);

[[nodiscard]] const std::vector<OptionGroup>& report_option_groups();

}  // namespace npusim::cli
