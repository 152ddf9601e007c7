#include "cli/format.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace npusim::cli {
namespace {

/// The exponent of ten after rounding, so that 9.9996 counts as 10.
int decimal_exponent(double value, int significant) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.*e", significant - 1, value);
    const std::string_view written(text.data());
    return std::atoi(text.data() + written.find('e') + 1);
}

std::string fixed(double value, int decimals) {
    std::array<char, 400> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

}  // namespace

std::string with_digits(double value, int significant) {
    constexpr int most_decimals = 6;
    if (value == 0) return "0";
    if (!std::isfinite(value)) return "-";
    const int decimals = significant - 1 - decimal_exponent(value, significant);
    return fixed(value, std::clamp(decimals, 0, most_decimals));
}

std::string trimmed(double value, int significant) {
    std::string text = with_digits(value, significant);
    if (text.find('.') == std::string::npos) return text;
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

std::string si(double value, std::string_view unit, int significant) {
    constexpr std::array<std::string_view, 11> prefixes{"f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P"};
    constexpr int first_exponent = -15;
    std::size_t index = 5;
    if (value != 0 && std::isfinite(value)) {
        const int exponent = decimal_exponent(value, significant);
        const int steps = static_cast<int>(std::floor((exponent - first_exponent) / 3.0));
        index = static_cast<std::size_t>(std::clamp(steps, 0, static_cast<int>(prefixes.size()) - 1));
    }
    const double scaled = value / std::pow(10.0, first_exponent + 3 * static_cast<int>(index));
    return with_digits(scaled, significant).append(" ").append(prefixes[index]).append(unit);
}

std::string thousands(std::uint64_t value) {
    std::string text = std::to_string(value);
    for (auto at = std::ssize(text) - 3; at > 0; at -= 3) text.insert(static_cast<std::size_t>(at), ",");
    return text;
}

std::string binary_bytes(double bytes) {
    constexpr std::array<std::string_view, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
    constexpr double step = 1024;
    std::size_t unit = 0;
    while (bytes >= step && unit + 1 < units.size()) {
        bytes /= step;
        ++unit;
    }
    const bool whole = bytes == std::floor(bytes);
    return (whole ? fixed(bytes, 0) : with_digits(bytes)).append(" ").append(units[unit]);
}

std::string percent(double part, double whole) {
    return fixed(whole > 0 ? 100 * part / whole : 0.0, 1);
}

std::size_t display_width(std::string_view text) {
    constexpr unsigned continuation_mask = 0xC0;
    constexpr unsigned continuation = 0x80;
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & continuation_mask) != continuation;
    }));
}

std::string pad_left(std::string_view text, std::size_t width) {
    const std::size_t used = display_width(text);
    return std::string(width > used ? width - used : 0, ' ').append(text);
}

std::string pad_right(std::string_view text, std::size_t width) {
    const std::size_t used = display_width(text);
    return std::string(text).append(width > used ? width - used : 0, ' ');
}

std::vector<std::string> wrap_text(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    std::istringstream words{std::string(text)};
    for (std::string word; words >> word;) {
        if (!lines.empty() && display_width(lines.back()) + 1 + display_width(word) <= width) {
            lines.back().append(" ").append(word);
        } else {
            lines.push_back(word);
        }
    }
    return lines;
}

}  // namespace npusim::cli
