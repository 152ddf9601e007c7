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
    std::string name;
    std::vector<std::pair<double, double>> points;
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

/// gnuplot's commands for the plots, to standard output of gnuplot.
[[nodiscard]] std::string plot_script(const std::vector<Plot>& plots, bool png);

}  // namespace npusim::cli
