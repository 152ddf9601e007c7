// Curves as a picture, drawn by gnuplot.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace npusim::cli {

/// Points that are not finite, or not above 0 on a logarithmic axis, are left out. A series without points is not
/// shown, but keeps its colour, so that several plots can show the same things in the same colours.
struct PlotSeries {
    enum class Mark { curve, points, line };
    std::string name;
    std::vector<std::pair<double, double>> points;
    Mark mark = Mark::curve;  ///< joined points, points alone, or a black line alone
};

struct Plot {
    std::string title;
    std::string x_label;
    std::string y_label;
    bool log_x = false;
    bool log_y = false;
    std::vector<PlotSeries> series;
};

/// Throws InputError unless the file's name ends in .svg or .png and gnuplot can be run: to be called before minutes
/// of work.
void check_plot(const std::filesystem::path& file);

/// One picture; several plots stand below each other. Series differ in colour (Okabe and Ito's, which colour-blind
/// readers tell apart), dashes and points. Written whole or not at all. Throws as check_plot does, and
/// std::runtime_error with gnuplot's message when it fails.
void write_plot(const Plot& plot, const std::filesystem::path& file);
void write_plots(const std::vector<Plot>& plots, const std::filesystem::path& file);

/// A bar for each label, of one part for each series, the first one lowest.
struct StackedBars {
    struct Part {
        std::string name;
        std::vector<double> values;  ///< one for each label; those that are not finite are 0
    };
    std::string title;
    std::string y_label;
    std::vector<std::string> labels;
    std::vector<Part> parts;
};
void write_bars(const StackedBars& bars, const std::filesystem::path& file);

/// gnuplot's commands for the bars, to standard output of gnuplot.
[[nodiscard]] std::string bar_script(const StackedBars& bars, bool png);

/// gnuplot's commands for the plots, to standard output of gnuplot.
[[nodiscard]] std::string plot_script(const std::vector<Plot>& plots, bool png);

}  // namespace npusim::cli
