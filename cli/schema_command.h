// `npusim schema`: what the files that users write may hold, for their editors.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cli/option_reader.h"

namespace npusim::cli {

struct SchemaOptions {
    bool help = false;
    std::string kind;  ///< arch, sweep or recipe
};

/// `arguments` holds the program's name and the command's. Throws InputError with every problem.
[[nodiscard]] SchemaOptions parse_schema_options(const std::vector<std::string>& arguments);

[[nodiscard]] const std::vector<OptionGroup>& schema_option_groups();

void run_schema_command(const SchemaOptions& options, std::ostream& out);

}  // namespace npusim::cli
