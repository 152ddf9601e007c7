// How energy and area of a chip's components grow with the bits: value = c · bits^exponent, fitted over the points of a
// sweep that are equal in all other settings.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "npusim/sweeps/sweep_spec.h"
#include "npusim/sweeps/sweep_table.h"

namespace npusim {

struct PowerFit {
    double exponent = 0;
    double r_squared = 0;  ///< of the logarithms; 1 where they do not differ at all
    /// Where the exponent lies with 95 % confidence, were the deviations from the line independent and normal
    /// (Student's t). They are a curve, not noise: the interval says how far the values are from a power law.
    double low = 0;
    double high = 0;
};

/// Least squares of log(value) over log(bits). Empty with fewer than three different bits, or when a value is missing
/// or not above 0.
[[nodiscard]] std::optional<PowerFit> fit_power(
    const std::vector<std::pair<double, std::optional<double>>>& value_of_bits);

/// The exponent between two points: log(value / other value) / log(bits / other bits). Empty for equal bits, or when a
/// value is not above 0.
[[nodiscard]] std::optional<double> local_exponent(std::pair<double, double> point, std::pair<double, double> other);

/// Points with a result that differ in their bits only.
struct PrecisionGroup {
    std::vector<std::size_t> places;            ///< in the table's rows, by descending bits
    std::vector<std::optional<PowerFit>> fits;  ///< as fitted_metrics
};

/// The metrics that are fitted: energies and areas, of each component, on chip and in total.
[[nodiscard]] std::vector<std::string> fitted_metrics(const SweepTable& table);

/// `bits` holds a value for each row. The fields of the axis that sets the bits ("bits", else
/// "/precision/weight_bits") are not compared. Groups are in the order of their first rows.
[[nodiscard]] std::vector<PrecisionGroup> precision_groups(const SweepSpec& spec, const SweepTable& table,
                                                           const std::vector<std::optional<double>>& bits);

}  // namespace npusim
