// Words of gnuplot's language that all pictures use.
#pragma once

#include <array>
#include <string>

namespace npusim::cli {

struct Look {
    const char* colour;
    int dashes;
    int points;
};
/// Colours of Okabe and Ito, "Color Universal Design" (2008), without their yellow, which is faint on white.
inline constexpr std::array<Look, 7> kLooks{{{"#0072B2", 1, 7},
                                             {"#D55E00", 2, 5},
                                             {"#009E73", 4, 9},
                                             {"#CC79A7", 5, 13},
                                             {"#E69F00", 3, 11},
                                             {"#56B4E9", 1, 6},
                                             {"#000000", 2, 4}}};
inline constexpr int kWidthPx = 800;
inline constexpr int kHeightPx = 480;

/// The shortest text that reads back as the same number.
[[nodiscard]] std::string plot_number(double value);
/// In single quotes, where gnuplot takes everything literally but the quote itself.
[[nodiscard]] std::string plot_text(const std::string& text);
/// The beginning of a script: terminal and size.
[[nodiscard]] std::string plot_head(bool png, int height_px);

}  // namespace npusim::cli
