#include "cli/plot_words.h"

#include <charconv>

namespace npusim::cli {

std::string plot_number(double value) {
    std::array<char, 64> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    return {text.data(), end};
}

std::string plot_text(const std::string& text) {
    std::string result = "'";
    for (const char c : text) {
        if (c == '\n' || c == '\r') {
            result += ' ';
        } else {
            result += c == '\'' ? std::string("''") : std::string(1, c);
        }
    }
    return result + "'";
}

std::string plot_head(bool png, int height_px) {
    return "set encoding utf8\nset terminal " + std::string(png ? "pngcairo" : "svg") +
           " noenhanced background rgb 'white' size " + std::to_string(kWidthPx) + "," + std::to_string(height_px) +
           "\nset grid xtics ytics lt 1 lw 1 lc rgb '#dddddd'\nset border 3\nset tics nomirror\nset key outside right "
           "top\n";
}

}  // namespace npusim::cli
