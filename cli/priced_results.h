// Results as `npusim compare` takes them: a file that the main job wrote, or a point of a sweep's store.
#pragma once

#include <filesystem>
#include <string>

#include "cli/comparison.h"

namespace npusim::cli {

/// `word` is a file that --json wrote, STORE:INDEX or STORE:SWEEP:INDEX. Points are priced by `technology`, or where it
/// is empty by their own table. Throws InputError for anything else, a point that is missing or has no result included.
[[nodiscard]] PricedResult read_result(const std::string& word, const std::filesystem::path& technology,
                                       const std::filesystem::path& preset_folder);

/// A file that --json wrote. Throws InputError for any other, one whose parts contradict each other included.
[[nodiscard]] PricedResult read_result_file(const std::string& name);

}  // namespace npusim::cli
