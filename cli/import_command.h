// `npusim import accelergy`: a technology table of one's own from tables of Accelergy.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "cli/format.h"
#include "cli/options.h"
#include "cli/printers.h"
#include "npusim/arch/accelergy.h"

namespace npusim::cli {

struct ImportOptions {
    bool help = false;
    bool quiet = false;
    AccelergySource source;
    std::string base;           ///< a table that ships ("45nm"), or a file
    std::filesystem::path out;  ///< the table that is written
};

/// `arguments` holds the program's name and the command's. Throws InputError with every problem.
[[nodiscard]] ImportOptions parse_import_options(const std::vector<std::string>& arguments);

[[nodiscard]] const std::vector<OptionGroup>& import_option_groups();

/// Writes the table once the strict reader has read it back, and prints what became of each row.
void run_import_command(const ImportOptions& options, const Environment& environment, const Style& style,
                        std::ostream& out);

}  // namespace npusim::cli
