// Cells of the tables of `npusim analyze`.
#pragma once

#include <array>
#include <cstdio>
#include <optional>
#include <string>

namespace npusim::cli {

/// "-" for none.
[[nodiscard]] inline std::string fixed(const std::optional<double>& value, int decimals) {
    if (!value.has_value()) return "-";
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value.value());
    return text.data();
}

/// Figures of gradients span many powers of ten.
[[nodiscard]] inline std::string scientific(double value) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.3e", value);
    return text.data();
}

}  // namespace npusim::cli
