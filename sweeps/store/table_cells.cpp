#include "table_cells.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "npusim/base/error.h"

namespace npusim::store {
namespace {

constexpr double exact_integers_below = 9007199254740992.0;  // 2^53

bool is_whole(double value) {
    return std::abs(value) < exact_integers_below && std::trunc(value) == value;
}

Cell cell_of(const nlohmann::json& value) {
    if (value.is_null()) return {};
    if (value.is_boolean()) return value.get<bool>();
    if (value.is_number_integer() && value <= std::numeric_limits<std::int64_t>::max()) {
        return value.get<std::int64_t>();
    }
    if (value.is_number()) return value.get<double>();
    if (value.is_string()) return value.get<std::string>();
    return value.dump();
}

ColumnNames all_columns(const SweepTable& table) {
    ColumnNames columns = {"index", "network"};
    columns.insert(columns.end(), table.fields.begin(), table.fields.end());
    columns.insert(columns.end(), {"status", "reason"});
    columns.insert(columns.end(), table.metrics.begin(), table.metrics.end());
    return columns;
}

ColumnNames main_columns(const SweepTable& table) {
    ColumnNames columns = {"index", "network"};
    columns.insert(columns.end(), table.fields.begin(), table.fields.end());
    columns.emplace_back("status");
    for (const char* name : {"latency_ms", "energy_pj", "area_mm2", "utilization", "edp_mj_ms", "top1"}) {
        if (std::count(table.metrics.begin(), table.metrics.end(), name) != 0) columns.emplace_back(name);
    }
    return columns;
}

using CellOf = std::function<Cell(const SweepRow& row)>;

CellOf column_named(const SweepTable& table, const std::string& name) {
    if (name == "index") return [](const SweepRow& row) -> Cell { return row.index; };
    if (name == "network") return [](const SweepRow& row) -> Cell { return row.network; };
    if (name == "reason") return [](const SweepRow& row) -> Cell { return row.reason; };
    if (name == "status") {
        return [](const SweepRow& row) -> Cell {
            return row.status ? std::string(name_of(*row.status)) : std::string("pending");
        };
    }
    for (std::size_t i = 0; i < table.fields.size(); ++i) {
        if (table.fields[i] == name) return [i](const SweepRow& row) { return cell_of(row.settings[i]); };
    }
    for (std::size_t i = 0; i < table.metrics.size(); ++i) {
        if (table.metrics[i] != name) continue;
        return [i](const SweepRow& row) { return row.metrics[i] ? Cell(*row.metrics[i]) : Cell(); };
    }
    throw InputError("sweep " + table.sweep, "columns",
                     "there is no column \"" + name + "\"; " + hint(name, all_columns(table)));
}

std::string text_of(double value, std::chars_format format, int precision) {
    char text[64];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value, format, precision);
    return {text, end};
}

}  // namespace

TextTable cells_of(const SweepTable& table, const ColumnNames& columns, Reader reader) {
    TextTable cells;
    cells.columns = columns;
    if (columns.empty()) cells.columns = reader == Reader::machine ? all_columns(table) : main_columns(table);
    std::vector<CellOf> cell_makers;
    for (const std::string& name : cells.columns) cell_makers.push_back(column_named(table, name));
    for (const SweepRow& row : table.rows) {
        std::vector<Cell>& made = cells.rows.emplace_back();
        for (const CellOf& cell : cell_makers) made.push_back(cell(row));
    }
    return cells;
}

std::string hint(const std::string& name, const std::vector<std::string>& known) {
    const std::vector<std::string> nearest = nearest_names(name, known);
    return nearest.empty() ? "known are " + join(known) : "did you mean " + join(nearest) + "?";
}

std::string exact_number(double value) {
    char text[64];
    if (is_whole(value)) {
        const auto [end, error] = std::to_chars(text, text + sizeof text, static_cast<std::int64_t>(value));
        return {text, end};
    }
    const auto [end, error] = std::to_chars(text, text + sizeof text, value);
    return {text, end};
}

std::string rounded_number(double value) {
    constexpr int digits = 4;
    if (value == 0) return "0";
    const double size = std::abs(value);
    if (!(size >= 1e-4 && size < 1e6)) return text_of(value, std::chars_format::scientific, digits - 1);
    const int before_point = static_cast<int>(std::floor(std::log10(size))) + 1;
    return text_of(value, std::chars_format::fixed, std::max(0, digits - before_point));
}

}  // namespace npusim::store
