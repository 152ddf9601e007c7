// Values of an axis that are given by a rule instead of a list.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

namespace npusim::design_space {

/// More are no sweep but a mistake: a chip takes about a kilobyte.
constexpr std::int64_t most_points = 10'000'000;

/// The number as JSON: an integer where it is whole, so that a width of 448.0 is 448.
[[nodiscard]] nlohmann::json json_number(double value);

/// from, from + step, ... up to and with `to`; decimal steps give decimal values (0.3, not 0.30000000000000004).
/// `step` must be positive and `from` at most `to`. Where there are more than most_points, one more than these.
[[nodiscard]] std::vector<nlohmann::json> arithmetic_values(double from, double to, double step);

/// from, from · factor, ... up to and with `to`. `from` must be positive and at most `to`, `factor` above 1.
[[nodiscard]] std::vector<nlohmann::json> geometric_values(double from, double to, double factor);

}  // namespace npusim::design_space
