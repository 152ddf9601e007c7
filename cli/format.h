// Numbers as people read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace npusim::cli {

/// `significant` digits in fixed notation, never more than 6 decimals: 1234.5 → "1234", 0.012345 → "0.01234".
[[nodiscard]] std::string with_digits(double value, int significant = 4);
/// The same without zeros at the end: 6.4 → "6.4".
[[nodiscard]] std::string trimmed(double value, int significant = 4);
/// With an SI prefix: si(3.664e9, "MAC") → "3.664 GMAC".
[[nodiscard]] std::string si(double value, std::string_view unit, int significant = 4);
/// 1234567 → "1,234,567".
[[nodiscard]] std::string thousands(std::uint64_t value);
/// Bytes in binary units: 65536 → "64 KiB".
[[nodiscard]] std::string binary_bytes(double bytes);
/// part / whole as percent with one decimal, without the sign; "0.0" of nothing.
[[nodiscard]] std::string percent(double part, double whole);

/// Columns that UTF-8 text takes on a terminal (one for each code point).
[[nodiscard]] std::size_t display_width(std::string_view text);
[[nodiscard]] std::string pad_left(std::string_view text, std::size_t width);
[[nodiscard]] std::string pad_right(std::string_view text, std::size_t width);
/// Lines of at most `width` columns, broken at spaces; a longer word has a line of its own.
[[nodiscard]] std::vector<std::string> wrap_text(std::string_view text, std::size_t width);

}  // namespace npusim::cli
