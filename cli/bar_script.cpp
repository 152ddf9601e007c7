#include <cmath>

#include "cli/plot.h"
#include "cli/plot_words.h"

namespace npusim::cli {
namespace {

double drawable(double value) {
    return std::isfinite(value) ? value : 0;
}

/// A line for each label: the label, then the parts' values.
std::string data_of(const StackedBars& bars) {
    std::string text = "$bars << EOD\n";
    for (std::size_t i = 0; i < bars.labels.size(); ++i) {
        std::string label;
        for (const char c : bars.labels[i]) label += c == '"' || c == '\\' || c == '\n' ? ' ' : c;
        text += "\"" + label + "\"";
        for (const StackedBars::Part& part : bars.parts) text += " " + plot_number(drawable(part.values.at(i)));
        text += "\n";
    }
    return text + "EOD\n";
}

}  // namespace

std::string bar_script(const StackedBars& bars, bool png) {
    std::string text = plot_head(png, kHeightPx) + data_of(bars) + "set title " + plot_text(bars.title) +
                       "\nset ylabel " + plot_text(bars.y_label) +
                       "\nset style data histograms\nset style histogram rowstacked\nset boxwidth 0.7\n"
                       "set style fill solid border lc rgb '#000000'\nset yrange [0:*]\nset format y '%g'\n"
                       "set key invert\n";
    if (bars.labels.empty() || bars.parts.empty())
        return text + "set yrange [0:1]\nset xrange [0:1]\nplot NaN notitle\n";
    for (std::size_t i = 0; i < bars.parts.size(); ++i) {
        const std::string column = std::to_string(i + 2);
        text += (i == 0 ? "plot " : ", \\\n     ") + std::string("$bars using ") + column + (i == 0 ? ":xtic(1)" : "") +
                " lc rgb '" + kLooks[i % kLooks.size()].colour + "' title " + plot_text(bars.parts[i].name);
    }
    return text + "\n";
}

}  // namespace npusim::cli
