#include <catch2/catch.hpp>
#include <cmath>

#include "cli/plot.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "support/gnuplot.h"
#include "support/test_data.h"

namespace npusim::cli {
namespace {

using Catch::Contains;

Plot plot_of(std::vector<std::pair<double, double>> points, bool logarithmic) {
    return {"title", "x", "y", logarithmic, logarithmic, {{"name", std::move(points)}}};
}

}  // namespace

TEST_CASE("Text in a plot is quoted so that gnuplot runs none of it") {
    Plot plot = plot_of({{1, 2}, {2, 3}}, false);
    plot.title = "it's `date`\nsystem 'x'";
    CHECK_THAT(plot_script({plot}, false), Contains("set title 'it''s `date` system ''x'''"));
}

TEST_CASE("Points that a logarithmic axis or no axis can show are left out") {
    const std::string script =
        plot_script({plot_of({{1, 2}, {2, 0}, {-3, 1}, {4, NAN}, {5, INFINITY}, {6, 7}}, true)}, false);
    CHECK_THAT(script, Contains("<< EOD\n1 2\n6 7\nEOD\n"));
    CHECK_THAT(plot_script({plot_of({{1, 2}, {2, 0}}, false)}, false), Contains("<< EOD\n1 2\n2 0\nEOD\n"));
}

TEST_CASE("Series of a plot have different colours and different points") {
    Plot plot = plot_of({{1, 2}}, false);
    plot.series.push_back({"second", {{1, 3}}});
    const std::string script = plot_script({plot}, false);
    const auto look = [&](const std::string& block) {
        const std::size_t begin = script.find(" lc rgb", script.find(block + " using"));
        return script.substr(begin, script.find(" pi ", begin) - begin);
    };
    CHECK(look("$p0_0") != look("$p0_1"));
}

TEST_CASE("A picture with another suffix than .svg or .png is refused") {
    CHECK_THROWS_WITH(check_plot("curves.pdf"), Contains("curves.pdf") && Contains(".svg or .png"));
    CHECK_THROWS_AS(write_plot(plot_of({{1, 2}}, false), "curves"), InputError);
}

TEST_CASE("A picture is drawn of many points, of one, and of none") {
    if (!test::has_gnuplot()) return;
    const test::TemporaryFolder folder;
    const bool logarithmic = GENERATE(false, true);
    const std::vector<Plot> plots{plot_of({{1, 2}, {2, 3}}, logarithmic), plot_of({{1, 0.5}}, logarithmic),
                                  plot_of({{0, 0}}, logarithmic), plot_of({}, logarithmic)};
    write_plots(plots, folder / "all.svg");
    CHECK_THAT(read_text_file(folder / "all.svg"), Contains("<svg") && Contains("</svg>"));
    write_plots(plots, folder / "all.png");
    CHECK(read_text_file(folder / "all.png").substr(1, 3) == "PNG");
}

}  // namespace npusim::cli
