// The command lines of `npusim sweep`, `npusim merge` and `npusim table`.
#pragma once

#include "cli/options.h"

namespace npusim::cli {

/// Every count-th point, beginning with number `index`.
struct Shard {
    std::int64_t index = 0;
    std::int64_t count = 1;
};

/// Files that the table of points is written to; empty: not.
struct TableFiles {
    std::filesystem::path csv, json, markdown, latex;
    std::filesystem::path technology;  ///< that points are priced by; empty: their own
};

struct SweepOptions {
    bool help = false;
    std::filesystem::path sweep;  ///< the JSON file
    std::filesystem::path store;
    Shard shard;
    unsigned workers = 0;  ///< 0: as many as there are processors
    bool dry_run = false;
    bool quiet = false;
    /// Fields of the sweep's "accuracy" that the command line overrides.
    nlohmann::json accuracy = nlohmann::json::object();
    TableFiles tables;
};

struct MergeOptions {
    bool help = false;
    std::filesystem::path into;
    std::vector<std::filesystem::path> from;
};

struct TableOptions {
    bool help = false;
    std::filesystem::path store;
    std::string sweep;  ///< empty: the only one of the store
    bool quiet = false;
    TableFiles tables;
};

/// `arguments` holds the program's name and the command's. Each throws InputError with every problem.
[[nodiscard]] SweepOptions parse_sweep_options(const std::vector<std::string>& arguments);
[[nodiscard]] MergeOptions parse_merge_options(const std::vector<std::string>& arguments);
[[nodiscard]] TableOptions parse_table_options(const std::vector<std::string>& arguments);

/// Options of commands that write a sweep's table, and reading them.
[[nodiscard]] OptionGroup table_outputs(const char* title);
void read_table_files(OptionReader& reader, TableFiles& files);

[[nodiscard]] const std::vector<OptionGroup>& sweep_option_groups();
[[nodiscard]] const std::vector<OptionGroup>& merge_option_groups();
[[nodiscard]] const std::vector<OptionGroup>& table_option_groups();

}  // namespace npusim::cli
