// What the commands that read a sweep's store share: which sweep, at which prices, into which files.
#pragma once

#include <filesystem>
#include <string>

#include "cli/sweep_options.h"
#include "npusim/sweeps/sweep_store.h"
#include "npusim/sweeps/sweep_table.h"

namespace npusim::cli {

/// The table that `given` names, or else each chip's own: beside `arch_file` or among the presets. Each is read once.
[[nodiscard]] TechnologyOf technologies(const std::filesystem::path& given, const std::filesystem::path& arch_file,
                                        const std::filesystem::path& preset_folder);

/// The sweep of that name, or the store's only one where none is asked for. Throws InputError, which begins with
/// `source` and names the store's `file`, where there is no such one.
[[nodiscard]] std::string chosen_sweep(const SweepStore& store, const std::string& wanted, const std::string& source,
                                       const std::filesystem::path& file);

void write_tables(const SweepTable& table, const TableFiles& files);

}  // namespace npusim::cli
