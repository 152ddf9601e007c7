// The command lines of `npusim train` and `npusim finetune`.
#pragma once

#include "cli/options.h"
#include "npusim/models/finetune/recipe.h"

namespace npusim::cli {

enum class TrainingCommand { train, finetune };

struct TrainingOptions {
    TrainingCommand kind = TrainingCommand::train;
    bool help = false;
    std::vector<std::string> command;  ///< as given, the program's name first
    std::string model;
    std::optional<std::int64_t> image_size;
    std::string weights;
    std::string dataset;
    std::filesystem::path data_root;
    std::optional<std::int64_t> train_images;  ///< the first so many; unset: all
    std::int64_t held_out = 0;
    std::filesystem::path out;
    std::filesystem::path run_folder;
    bool restart = false;
    Recipe recipe;
    unsigned threads = 0;  ///< 0: all processors
    bool quiet = false;
};

/// `arguments` holds the program's name and the command's. Throws InputError with every problem.
[[nodiscard]] TrainingOptions parse_training_options(TrainingCommand kind, const std::vector<std::string>& arguments,
                                                     const Environment& environment);

[[nodiscard]] const std::vector<OptionGroup>& training_option_groups(TrainingCommand kind);

/// What a command does unless it is told otherwise; docs/faq.md says where the numbers come from.
[[nodiscard]] Recipe default_recipe(TrainingCommand kind, int bits);

}  // namespace npusim::cli
