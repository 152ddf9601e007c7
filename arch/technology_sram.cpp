// The SRAM table of a technology, read strictly.
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "technology_groups.h"

namespace npusim {
namespace {

using nlohmann::json;

constexpr Range<double> positive{1e-12, 1e12};
constexpr Range<double> a_factor{1, 1000};

bool is_axis(const std::vector<double>& values) {
    for (std::size_t i = 1; i < values.size(); ++i) {
        if (values[i] <= values[i - 1]) return false;
    }
    return values.size() >= 2;
}

/// Gaps stand only at the small capacities, and two values follow: what filling a gap along its column needs.
bool has_fillable_gaps(const std::vector<std::vector<double>>& matrix) {
    for (std::size_t column = 0; column < matrix.front().size(); ++column) {
        for (std::size_t row = 0; row < matrix.size(); ++row) {
            const bool last_two = row + 2 >= matrix.size();
            const bool after_value = row > 0 && !std::isnan(matrix[row - 1][column]);
            if (std::isnan(matrix[row][column]) && (last_two || after_value)) return false;
        }
    }
    return true;
}

bool is_complete(const std::vector<std::vector<double>>& matrix, std::size_t rows, std::size_t columns) {
    if (matrix.size() != rows) return false;
    for (const auto& row : matrix) {
        if (row.size() != columns) return false;
    }
    return true;
}

void read_sram_errors(JsonReader reader, SramErrors& errors) {
    errors.read = reader.number("read_pj", a_factor);
    errors.write = reader.number("write_pj", a_factor);
    errors.area = reader.number("area_mm2", a_factor);
    reader.reject_unknown_keys();
}

std::optional<SramPoint> sram_point(const json& row) {
    constexpr std::size_t sizes = 3;
    constexpr std::size_t columns = 6;
    if (!row.is_array() || row.size() != columns || !row[2].is_number_integer()) return std::nullopt;
    std::array<double, columns> values{};
    for (std::size_t i = 0; i < columns; ++i) {
        const bool is_gap = i >= sizes && row[i].is_null();
        if (!is_gap && (!row[i].is_number() || row[i].get<double>() <= 0)) return std::nullopt;
        values[i] = is_gap ? std::numeric_limits<double>::quiet_NaN() : row[i].get<double>();
    }
    return SramPoint{values[0], values[1], static_cast<int>(values[2]), values[3], values[4], values[5]};
}

void read_sram_points(JsonReader group, SramTable& sram) {
    const json columns = {"capacity_bytes", "width_bits", "ports", "read_pj", "write_pj", "area_mm2"};
    const json& given = group.raw("columns");
    if (!given.is_null() && given != columns) group.problem("columns", "must be " + columns.dump());
    const json& rows = group.raw("rows");
    if (!rows.is_null() && (!rows.is_array() || rows.empty())) group.problem("rows", "an array of rows is needed");
    for (std::size_t i = 0; rows.is_array() && i < rows.size(); ++i) {
        if (const auto point = sram_point(rows[i])) {
            sram.points.push_back(*point);
        } else {
            group.problem("rows", "row " + std::to_string(i) + ": capacity, width, a whole number of ports and three " +
                                      "figures are needed, all positive; null for a figure that is not known");
        }
    }
    read_sram_errors(group.object("error_factors"), sram.beside_points);
    group.reject_unknown_keys();
}

}  // namespace

/// The rows of a matrix of `columns` numbers; null is NaN where allowed. Empty after a problem.
std::vector<std::vector<double>> read_matrix(JsonReader& reader, const std::string& key, std::size_t columns,
                                             bool null_allowed) {
    std::vector<std::vector<double>> matrix;
    const json& rows = reader.raw(key);
    if (!rows.is_array()) {
        if (!rows.is_null()) reader.problem(key, "an array of rows is needed");
        return {};
    }
    for (const json& row : rows) {
        const bool well_formed = row.is_array() && row.size() == columns;
        std::vector<double> values;
        for (std::size_t column = 0; well_formed && column < columns; ++column) {
            const bool is_gap = null_allowed && row[column].is_null();
            const bool is_value = row[column].is_number() && row[column].get<double>() > 0;
            if (is_gap) values.push_back(std::numeric_limits<double>::quiet_NaN());
            if (is_value) values.push_back(row[column].get<double>());
        }
        if (values.size() != columns) {
            reader.problem(key, "row " + std::to_string(matrix.size()) + ": " + std::to_string(columns) +
                                    " positive numbers are needed");
        }
        matrix.push_back(std::move(values));
    }
    return matrix;
}

void read_sram(JsonReader group, SramTable& sram) {
    sram.points.clear();
    if (auto points = group.object_if_given("points")) read_sram_points(std::move(*points), sram);
    sram.capacity_bytes = group.numbers("capacity_bytes", positive);
    sram.width_bits = group.numbers("width_bits", positive);
    if (!is_axis(sram.capacity_bytes)) group.problem("capacity_bytes", "two or more increasing values are needed");
    if (!is_axis(sram.width_bits)) group.problem("width_bits", "two or more increasing values are needed");
    const std::array<std::pair<std::string, std::vector<std::vector<double>>*>, 5> tables{
        {{"read_pj", &sram.read_pj},
         {"write_pj", &sram.write_pj},
         {"area_mm2", &sram.area_mm2},
         {"leakage_mw", &sram.leakage_mw},
         {"access_ns", &sram.access_ns}}};
    for (const auto& [key, table] : tables) {
        *table = read_matrix(group, key, sram.width_bits.size(), true);
        if (!is_complete(*table, sram.capacity_bytes.size(), sram.width_bits.size())) {
            group.problem(key,
                          "one row for each of capacity_bytes, one column for "
                          "each of width_bits are needed");
        } else if (!table->empty() && !has_fillable_gaps(*table)) {
            group.problem(key,
                          "null is allowed only before a column's first value, "
                          "and two values must follow");
        }
    }
    JsonReader factors = group.object("error_factors");
    read_sram_errors(factors.object("along_capacity"), sram.along_capacity);
    read_sram_errors(factors.object("along_width"), sram.along_width);
    factors.reject_unknown_keys();
    JsonReader port = group.object("second_port");
    sram.second_port = {port.number("energy", a_factor), port.number("area", a_factor),
                        port.number("leakage", a_factor), port.number("error_factor", a_factor)};
    port.reject_unknown_keys();
    finish_group(group);
}

}  // namespace npusim
