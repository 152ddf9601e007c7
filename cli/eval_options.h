// The command line of `npusim eval`.
#pragma once

#include "cli/options.h"

namespace npusim::cli {

/// Where the same network can be computed.
enum class Level {
    fp32,      ///< the fp32 executor
    fake,      ///< real numbers with the machine's requantizers, in double
    integers,  ///< the integer engine
    machine,   ///< the SystemC machine with data
};

struct EvalOptions {
    bool help = false;
    Options base;  ///< network, weights, images, chip and precision
    std::vector<Level> levels{Level::fp32, Level::integers};
    std::int64_t machine_images = 10;
    bool confusion = false;
};

[[nodiscard]] std::string_view name_of(Level level);
[[nodiscard]] const std::vector<OptionGroup>& eval_option_groups();
/// Throws InputError with every problem.
[[nodiscard]] EvalOptions parse_eval_options(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace npusim::cli
