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

/// How much of the error halfway between two points holds here: none at the points, all of it beyond the axis.
double share_of_error(const Position& position) {
    if (!position.in_range) return 1;
    return 4 * position.fraction * (1 - position.fraction);
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

    /// What is between points was not compiled: it may be off by the error that interpolation has at points that are
    /// left out, but does not leave the range of the points around.
    [[nodiscard]] ErrorBand band(const SramTable& table, const Matrix& matrix, double error_along_capacity,
                                 double error_along_width) const {
        const double factor = std::pow(error_along_capacity, share_of_error(capacity)) *
                              std::pow(error_along_width, share_of_error(width));
        ErrorBand band = ErrorBand::of_factor(factor);
        if (!capacity.in_range || !width.in_range) return band;
        const double own = interpolate(table, matrix);
        double lowest = own;
        double highest = own;
        for (const auto& [row, row_weight] : weights(capacity)) {
            for (const auto& [column, column_weight] : weights(width)) {
                if (row_weight * column_weight == 0) continue;
                const double corner = std::exp2(log_cell(table.capacity_bytes, matrix, row, column));
                lowest = std::min(lowest, corner);
                highest = std::max(highest, corner);
            }
        }
        return {std::max(band.low, lowest / own), std::min(band.high, highest / own)};
    }

    [[nodiscard]] bool touches_gap(const SramTable& table) const {
        return touches_gap(table.read_pj) || touches_gap(table.write_pj) || touches_gap(table.area_mm2) ||
               touches_gap(table.leakage_mw) || touches_gap(table.access_ns);
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

/// A bank of the table's own is what it is; others are between them, or beyond.
void take_points(SramCost& cost, const SramTable& sram, std::int64_t bytes, int width_bits, int ports) {
    const auto size_of = [](double SramPoint::*size) {
        return [size](const SramPoint& a, const SramPoint& b) { return a.*size < b.*size; };
    };
    const auto holds = [&](double SramPoint::*size, double value) {
        const auto [low, high] = std::minmax_element(sram.points.begin(), sram.points.end(), size_of(size));
        return value >= (*low).*size && value <= (*high).*size;
    };
    const double capacity_bytes = static_cast<double>(bytes);
    cost.in_range =
        cost.in_range && holds(&SramPoint::capacity_bytes, capacity_bytes) && holds(&SramPoint::width_bits, width_bits);
    const auto own = std::find_if(sram.points.begin(), sram.points.end(), [&](const SramPoint& point) {
        return point.capacity_bytes == capacity_bytes && point.width_bits == width_bits && point.ports == ports;
    });
    cost.measured = own != sram.points.end();
    if (cost.measured) cost.in_range = true;
    const auto take = [&](double& figure, ErrorBand& band, double SramPoint::*known, double error_factor) {
        if (cost.measured && !std::isnan((*own).*known)) {
            figure = (*own).*known;
            band = {};
        } else {
            band = band * ErrorBand::of_factor(error_factor);
        }
    };
    take(cost.read_pj, cost.read_band, &SramPoint::read_pj, sram.beside_points.read);
    take(cost.write_pj, cost.write_band, &SramPoint::write_pj, sram.beside_points.write);
    take(cost.area_mm2, cost.area_band, &SramPoint::area_mm2, sram.beside_points.area);
}

void add_port(SramCost& cost, const SecondPort& port) {
    const ErrorBand band = ErrorBand::of_factor(port.error_factor);
    cost.read_pj *= port.energy;
    cost.write_pj *= port.energy;
    cost.area_mm2 *= port.area;
    cost.leakage_mw *= port.leakage;
    for (ErrorBand* one : {&cost.read_band, &cost.write_band, &cost.area_band, &cost.leakage_band}) *one = *one * band;
}

}  // namespace

SramCost Technology::sram_bank(std::int64_t bytes, int width_bits, int ports) const {
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
    const SramErrors& rows = sram.along_capacity;
    const SramErrors& columns = sram.along_width;
    const ErrorBand energy_of_node = ErrorBand::of_factor(node_errors.sram_energy);
    cost.read_band = cell.band(sram, sram.read_pj, rows.read, columns.read) * energy_of_node;
    cost.write_band = cell.band(sram, sram.write_pj, rows.write, columns.write) * energy_of_node;
    cost.area_band =
        cell.band(sram, sram.area_mm2, rows.area, columns.area) * ErrorBand::of_factor(node_errors.sram_area);
    cost.leakage_band = ErrorBand::of_factor(node_errors.sram_leakage);
    cost.in_range = cell.capacity.in_range && cell.width.in_range && !cell.touches_gap(sram);
    if (ports > 1) add_port(cost, sram.second_port);
    if (!sram.points.empty()) take_points(cost, sram, bytes, width_bits, ports);
    return cost;
}

}  // namespace npusim
