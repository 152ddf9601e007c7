// The cells of a CSV line.
#pragma once

#include <string>
#include <vector>

namespace npusim {

/// The cells of one line without surrounding blanks; quotes may enclose commas. Throws InputError, which names neither
/// file nor line, for an unknown escape (a backslash and a letter).
[[nodiscard]] std::vector<std::string> csv_cells(const std::string& line);

}  // namespace npusim
