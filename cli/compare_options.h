// The command line of `npusim compare`.
#pragma once

#include <array>

#include "cli/options.h"

namespace npusim::cli {

struct CompareOptions {
    bool help = false;
    std::array<std::string, 2> results;  ///< files, or points as STORE:INDEX or STORE:SWEEP:INDEX
    bool layers = false;                 ///< all of them
    bool quiet = false;
    std::filesystem::path technology;  ///< that points are priced by; empty: their own
    std::filesystem::path json, markdown;
};

/// `arguments` holds the program's name and the command's. Throws InputError with every problem.
[[nodiscard]] CompareOptions parse_compare_options(const std::vector<std::string>& arguments);

[[nodiscard]] const std::vector<OptionGroup>& compare_option_groups();

}  // namespace npusim::cli
