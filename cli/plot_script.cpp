#include <algorithm>
#include <cmath>

#include "cli/plot.h"
#include "cli/plot_words.h"

namespace npusim::cli {
namespace {

using Points = std::vector<std::pair<double, double>>;

Points drawable(const Plot& plot, const PlotSeries& series) {
    Points points;
    for (const auto& [x, y] : series.points) {
        const bool finite = std::isfinite(x) && std::isfinite(y);
        if (finite && (!plot.log_x || x > 0) && (!plot.log_y || y > 0)) points.emplace_back(x, y);
    }
    return points;
}

std::string data_block(const std::string& name, const Points& points) {
    std::string text = name + " << EOD\n";
    for (const auto& [x, y] : points) text += plot_number(x) + " " + plot_number(y) + "\n";
    return text + "EOD\n";
}

/// Few values on a logarithmic axis are marked themselves, as powers of ten say little of them. gnuplot's own ranges
/// fail where all values are alike.
std::string axis(char name, bool logarithmic, std::vector<double> values) {
    constexpr std::size_t most_marks = 10;
    constexpr double around = 4;
    constexpr double beside = 1.25;
    const std::string letter(1, name);
    std::string text = "set autoscale " + letter + "\nset format " + letter + " '%g'\nset " + letter + "tics auto\n";
    text += (logarithmic ? "set logscale " : "unset logscale ") + letter + "\n";
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (logarithmic && values.size() <= most_marks && name == 'x') {
        std::string marks;
        for (const double value : values) marks += (marks.empty() ? "" : ", ") + plot_number(value);
        text += "set xtics (" + marks + ")\nset xrange [" + plot_number(values.front() / beside) + ":" +
                plot_number(values.back() * beside) + "]\n";
    }
    if (values.size() > 1) return text;
    const double value = values.front();
    const double low = logarithmic ? value / around : value - std::max(std::abs(value) / 2, 1e-6);
    const double high = logarithmic ? value * around : value + std::max(std::abs(value) / 2, 1e-6);
    return text + "set " + letter + "range [" + plot_number(low) + ":" + plot_number(high) + "]\n";
}

std::string curve(const std::string& block, const Look& look, std::size_t points, const PlotSeries& series) {
    constexpr std::size_t shown_points = 32;
    const std::string title = " title " + plot_text(series.name);
    if (series.mark == PlotSeries::Mark::line) return block + " using 1:2 with lines lw 1.5 lc rgb '#000000'" + title;
    if (series.mark == PlotSeries::Mark::points) {
        return block + " using 1:2 with points ps 1 lc rgb '" + look.colour + "' pt " + std::to_string(look.points) +
               title;
    }
    return block + " using 1:2 with linespoints lw 2 ps 0.9 lc rgb '" + look.colour + "' dt " +
           std::to_string(look.dashes) + " pt " + std::to_string(look.points) + " pi " +
           std::to_string(1 + points / shown_points) + title;
}

std::string panel(const Plot& plot, std::size_t index) {
    std::string blocks;
    std::string curves;
    std::vector<double> xs;
    std::vector<double> ys;
    for (std::size_t i = 0; i < plot.series.size(); ++i) {
        const Points points = drawable(plot, plot.series[i]);
        if (points.empty()) continue;
        for (const auto& [x, y] : points) {
            xs.push_back(x);
            ys.push_back(y);
        }
        const std::string block = "$p" + std::to_string(index) + "_" + std::to_string(i);
        blocks += data_block(block, points);
        curves += (curves.empty() ? "plot " : ", \\\n     ") +
                  curve(block, kLooks[i % kLooks.size()], points.size(), plot.series[i]);
    }
    const std::string titles = "set title " + plot_text(plot.title) + "\nset xlabel " + plot_text(plot.x_label) +
                               "\nset ylabel " + plot_text(plot.y_label) + "\n";
    if (curves.empty()) {
        return titles +
               "unset logscale xy\nset xtics auto\nset ytics auto\nset xrange [0:1]\nset yrange [0:1]\nplot NaN "
               "notitle\n";
    }
    return blocks + titles + axis('x', plot.log_x, xs) + axis('y', plot.log_y, ys) + curves + "\n";
}

}  // namespace

std::string plot_script(const std::vector<Plot>& plots, bool png) {
    std::string text = plot_head(png, kHeightPx * static_cast<int>(plots.size()));
    text += "set multiplot layout " + std::to_string(plots.size()) + ",1\n";
    for (std::size_t i = 0; i < plots.size(); ++i) text += panel(plots[i], i);
    return text + "unset multiplot\n";
}

}  // namespace npusim::cli
