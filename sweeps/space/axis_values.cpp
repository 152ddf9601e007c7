#include "axis_values.h"

#include <array>
#include <charconv>
#include <cmath>

namespace npusim::design_space {
namespace {

/// The nearest number of 12 significant decimal digits: what a person means by 8 + 3 · 0.1.
double rounded(double value) {
    constexpr int digits = 12;
    std::array<char, 64> text{};
    const auto written =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific, digits - 1);
    double result = value;
    std::from_chars(text.data(), written.ptr, result);
    return result;
}

}  // namespace

nlohmann::json json_number(double value) {
    const double exact_integers = std::ldexp(1.0, 53);
    if (value == std::floor(value) && std::abs(value) <= exact_integers) return static_cast<std::int64_t>(value);
    return value;
}

std::vector<nlohmann::json> arithmetic_values(double from, double to, double step) {
    std::vector<nlohmann::json> values;
    for (std::int64_t i = 0; i <= most_points; ++i) {
        const double value = rounded(from + static_cast<double>(i) * step);
        if (value > to) break;
        values.push_back(json_number(value));
    }
    return values;
}

std::vector<nlohmann::json> geometric_values(double from, double to, double factor) {
    std::vector<nlohmann::json> values;
    double value = from;
    for (std::int64_t i = 0; i <= most_points && rounded(value) <= to; ++i, value *= factor) {
        values.push_back(json_number(rounded(value)));
    }
    return values;
}

}  // namespace npusim::design_space
