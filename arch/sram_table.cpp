// SRAM banks by interpolation of the SRAM compiler's table.
#include <algorithm>
#include <cmath>
#include <cstddef>

#include "npusim/arch/technology.h"

namespace npusim {
namespace {

using Matrix = std::vector<std::vector<double>>;

/// Where a value lies on an axis: between `index` and index + 1, `fraction` of the way in log2 (below 0 or above 1
/// beyond the axis).
struct Position {
    std::size_t index = 0;
    double fraction = 0;
    bool in_range = true;
};

Position locate(const std::vector<double>& axis, double value) {
    const auto above = std::upper_bound(axis.begin(), axis.end(), value);
    const auto last_segment = static_cast<std::ptrdiff_t>(axis.size()) - 2;
    const std::ptrdiff_t segment = std::clamp<std::ptrdiff_t>(above - axis.begin() - 1, 0, last_segment);
    const auto index = static_cast<std::size_t>(segment);
    const double fraction = std::log2(value / axis[index]) / std::log2(axis[index + 1] / axis[index]);
    return {index, fraction, value >= axis.front() && value <= axis.back()};
}

/// log2 of a cell. A gap (the compiler found no organization for few, wide words) continues the slope of the next two
/// capacities of its column.
double log_cell(const std::vector<double>& capacities, const Matrix& matrix, std::size_t row, std::size_t column) {
    std::size_t valid = row;
    while (std::isnan(matrix[valid][column])) ++valid;
    const double value = std::log2(matrix[valid][column]);
    if (valid == row) return value;
    const double slope =
        (std::log2(matrix[valid + 1][column]) - value) / std::log2(capacities[valid + 1] / capacities[valid]);
    return value + slope * std::log2(capacities[row] / capacities[valid]);
}

/// The four corners around a point of the table, and how much each counts.
struct Cell {
    Position capacity;
    Position width;

    [[nodiscard]] double interpolate(const SramTable& table, const Matrix& matrix) const {
        double log_value = 0;
        for (const auto& [row, row_weight] : weights(capacity)) {
            for (const auto& [column, column_weight] : weights(width)) {
                const double weight = row_weight * column_weight;
                // A corner of weight one is the table's own figure, to the last bit.
                if (weight == 1 && !std::isnan(matrix[row][column])) return matrix[row][column];
                log_value += weight * log_cell(table.capacity_bytes, matrix, row, column);
            }
        }
        return std::exp2(log_value);
    }

    [[nodiscard]] bool touches_gap(const Matrix& matrix) const {
        for (const auto& [row, row_weight] : weights(capacity)) {
            for (const auto& [column, column_weight] : weights(width)) {
                if (row_weight * column_weight != 0 && std::isnan(matrix[row][column])) return true;
            }
        }
        return false;
    }

private:
    static std::vector<std::pair<std::size_t, double>> weights(const Position& position) {
        return {{position.index, 1 - position.fraction}, {position.index + 1, position.fraction}};
    }
};

}  // namespace

SramCost Technology::sram_bank(std::int64_t bytes, int width_bits) const {
    // The compiler's 1024-bit macros cost up to five times two of 512 bits at small capacities; nobody would build a
    // wider port from them.
    constexpr double kMacroWidthBits = 512;
    const double macros = width_bits <= sram.width_bits.back() ? 1.0 : std::ceil(width_bits / kMacroWidthBits);
    const Cell cell{locate(sram.capacity_bytes, static_cast<double>(bytes) / macros),
                    locate(sram.width_bits, width_bits / macros)};
    SramCost cost;
    cost.read_pj = macros * cell.interpolate(sram, sram.read_pj);
    cost.write_pj = macros * cell.interpolate(sram, sram.write_pj);
    cost.area_mm2 = macros * cell.interpolate(sram, sram.area_mm2);
    cost.leakage_mw = macros * cell.interpolate(sram, sram.leakage_mw);
    cost.access_ns = cell.interpolate(sram, sram.access_ns);
    cost.in_range = cell.capacity.in_range && cell.width.in_range && !cell.touches_gap(sram.read_pj);
    return cost;
}

}  // namespace npusim
