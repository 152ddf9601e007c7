// What the look-ups of logic share: fits, rows, and the errors of both.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "npusim/arch/technology.h"

namespace npusim {

using Variables = std::map<std::string, int>;

[[nodiscard]] double evaluate(const Fit& fit, const std::vector<double>& terms);
/// A unit of area and energy by two fits with the same terms; leakage by area.
[[nodiscard]] PeCost fitted(const Technology& technology, const Fit& area, const Fit& energy,
                            const std::vector<double>& terms, const Variables& variables);
[[nodiscard]] PeCost measured(const Technology& technology, const MacRow& row, OperandStatistics statistics);

/// "uniform" or "realistic", as fits end.
[[nodiscard]] std::string suffix(OperandStatistics statistics);

struct MacPlace {
    int weight_bits = 0;
    int activation_bits = 0;
    int accumulator_bits = 0;
    int lanes = 1;
};
/// Linear in the accumulator's bits between the nearest rows of the same operands and lanes; else the nearest row's; 0
/// where none is near.
[[nodiscard]] double nearest_critical_path_ns(const Technology& technology, const std::string& kind,
                                              const MacPlace& place);

/// Ratios of output-stationary rows to the PEs beside them, once a table is read; those that are there stay.
void finish_output_stationary(Technology& technology);

/// Bands of a unit whose energy is known within `energy_error`, with the errors of the node where it is `scaled`.
void finish_bands(const Technology& technology, PeCost& cost, double energy_error, bool scaled);

}  // namespace npusim
