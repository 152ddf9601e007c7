// The command line of `npusim scaling`.
#pragma once

#include "cli/options.h"

namespace npusim::cli {

struct ScalingOptions {
    bool help = false;
    Options base;           ///< chip, network or layer list, weights and images, threads
    std::vector<int> bits;  ///< descending, each once
    /// Where changes to the chip are tried.
    int changes_at = 4;
    bool changes = true;
    bool equal_area = true;
    std::filesystem::path technology;  ///< instead of the chip's own table
    std::filesystem::path plot;
};

/// `arguments` holds the program's name and the command's. Throws InputError with every problem.
[[nodiscard]] ScalingOptions parse_scaling_options(const std::vector<std::string>& arguments,
                                                   const Environment& environment);

[[nodiscard]] const std::vector<OptionGroup>& scaling_option_groups();

}  // namespace npusim::cli
