// The cells of a table as its writers see them.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "npusim/sweeps/sweep_table.h"

namespace npusim::store {

/// Nothing, a number, a truth value, a text, or a setting that is a list or an object, as JSON text.
using Cell = std::variant<std::monostate, std::int64_t, double, bool, std::string>;

struct TextTable {
    ColumnNames columns;
    std::vector<std::vector<Cell>> rows;
};

enum class Reader { machine, person };

/// The chosen columns, or the reader's usual ones. Throws InputError for a column that the table does not have.
[[nodiscard]] TextTable cells_of(const SweepTable& table, const ColumnNames& columns, Reader reader);

/// What to say after a name that is not among these: the nearest ones, or all where none is near.
[[nodiscard]] std::string hint(const std::string& name, const std::vector<std::string>& known);

/// The shortest text that reads back as the same number, in every locale; a whole number has no exponent.
[[nodiscard]] std::string exact_number(double value);
/// Four significant digits.
[[nodiscard]] std::string rounded_number(double value);

}  // namespace npusim::store
