// The pictures for papers: bars, clouds of points and lines, through gnuplot.
#include <catch2/catch.hpp>
#include <cmath>

#include "cli/report_pictures.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "report_store.h"
#include "support/gnuplot.h"
#include "support/test_data.h"

using namespace npusim;
using namespace npusim::cli;
using namespace npusim::test;
using Catch::Matchers::Contains;

namespace {}  // namespace

TEST_CASE("A bar has a part for each series, none of which its labels can break") {
    const StackedBars bars{"it's", "mm²", {"8 \"bits\"\nEOD", "4 bits"}, {{"a", {1, 2}}, {"b", {NAN, 0.5}}}};
    const std::string script = bar_script(bars, false);
    CHECK_THAT(script, Contains("\"8  bits  EOD\" 1 0\n\"4 bits\" 2 0.5\nEOD\n") && Contains("set title 'it''s'"));
    CHECK_THAT(script, Contains("$bars using 2:xtic(1)") && Contains("$bars using 3 "));
}

TEST_CASE("Points alone and lines alone are drawn without the other") {
    const Plot plot{
        "",    "x",
        "y",   false,
        false, {{"cloud", {{1, 2}, {2, 1}}, PlotSeries::Mark::points}, {"front", {{1, 2}}, PlotSeries::Mark::line}}};
    const std::string script = plot_script({plot}, false);
    CHECK_THAT(script, Contains("$p0_0 using 1:2 with points") && Contains("$p0_1 using 1:2 with lines "));
    CHECK_THAT(script, !Contains("linespoints"));
}

TEST_CASE("A report's pictures are drawn as SVG and PNG, with all components and the chip's roof") {
    if (!test::has_gnuplot()) return;
    const TemporaryFolder folder;
    SweepStore store(folder / "store.sqlite", SweepStore::Mode::create_or_extend);
    fill_store(store, space_of(4, "samples"), 6);
    write_report_pictures(data_of(store, "samples"), folder.path());
    for (const char* name : {"latency_energy", "energy_components", "area_components", "roofline"}) {
        CHECK_THAT(read_text_file(folder / (std::string(name) + ".svg")), Contains("<svg") && Contains("</svg>"));
        CHECK(read_text_file(folder / (std::string(name) + ".png")).substr(1, 3) == "PNG");
    }
    CHECK_THAT(read_text_file(folder / "energy_components.svg"),
               Contains("accumulator buffer") && Contains("leakage") && Contains("8 bits") && Contains("2 bits"));
    CHECK_THAT(read_text_file(folder / "roofline.svg"), Contains("roof") && Contains("convolution"));
}

TEST_CASE("A sweep without any result has a page and no pictures") {
    const TemporaryFolder folder;
    SweepStore store(folder / "store.sqlite", SweepStore::Mode::create_or_extend);
    fill_store(store, space_of(1, "none"), 1);
    const ReportData data = data_of(store, "none");
    CHECK_FALSE(data.chosen);
    CHECK(data.front.empty());
    write_report_pictures(data, folder.path());
    CHECK_FALSE(std::filesystem::exists(folder / "roofline.svg"));
}
