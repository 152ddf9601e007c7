// Import of the CSV tables of Accelergy's table-based plug-in into a technology table.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "npusim/arch/technology.h"

namespace npusim {

/// What a row of intmac.csv is the energy of.
enum class AccelergyMac {
    arithmetic,  ///< the multiply-add alone: a PE adds its operand and partial-sum registers
    whole_pe,    ///< the operation of a PE with its registers, whatever the width of its sums
};

struct AccelergySource {
    std::filesystem::path path;  ///< a folder of CSV files (or one with a folder "data"), or one such file
    std::string technology;      ///< of the rows to take, "45nm" or "45"; empty: the base's node
    AccelergyMac mac = AccelergyMac::arithmetic;
};

/// The table that the imported figures are put upon.
struct AccelergyBase {
    std::filesystem::path file;
    std::filesystem::path shipped;  ///< as of read_technology
    std::string based_on;           ///< what the written table calls the complete table below it
};

/// What became of a row, or of a file as a whole.
struct AccelergyUse {
    std::string file;
    std::size_t line = 0;  ///< 0: the whole file
    bool used = false;
    std::string text;
};

struct AccelergyImport {
    nlohmann::json document;  ///< of the technology table
    std::string technology;   ///< of the rows taken: "45nm"
    std::string base;         ///< name of the table that all else is from
    std::vector<AccelergyUse> uses;
    std::vector<std::string> kept;  ///< what stays as it is in the base
};

/// Throws InputError with every problem at once, by file, line and column; also where nothing can be used.
[[nodiscard]] AccelergyImport import_accelergy(const AccelergySource& source, const AccelergyBase& base,
                                               const std::string& name);

}  // namespace npusim
