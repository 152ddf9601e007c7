#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "cli/option_reader.h"
#include "cli/printers.h"

namespace npusim::cli {

/// Examples first, then every option.
void print_help(const Style& style, std::ostream& out);
/// What a command says about itself: a sentence, examples (what for, and the words), options.
struct CommandHelp {
    std::string summary;
    std::vector<std::pair<std::string, std::string>> examples;
    const std::vector<OptionGroup>* groups = nullptr;
};
void print_command_help(const CommandHelp& help, const Style& style, std::ostream& out);
/// The networks of the zoo and the chips of the preset folder.
void print_list(const std::filesystem::path& preset_folder, const Style& style, std::ostream& out);

}  // namespace npusim::cli
