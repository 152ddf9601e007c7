#pragma once

#include <filesystem>
#include <iosfwd>

#include "cli/printers.h"

namespace npusim::cli {

/// Examples first, then every option.
void print_help(const Style& style, std::ostream& out);
/// The networks of the zoo and the chips of the preset folder.
void print_list(const std::filesystem::path& preset_folder, const Style& style, std::ostream& out);

}  // namespace npusim::cli
