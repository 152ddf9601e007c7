#include <cmath>

#include "cli/plot.h"
#include "cli/scaling_report.h"

namespace npusim::cli {
namespace {

using Points = std::vector<std::pair<double, double>>;

Points points_of(const ScalingSeries& series, const ScalingRow& row, double unit) {
    Points points;
    for (std::size_t i = 0; i < row.values.size(); ++i) {
        if (row.values[i]) points.emplace_back(series.points[i].bits, *row.values[i] / unit);
    }
    return points;
}

/// The total first and the components after it, in the order in which colours stay the same in both panels; on_chip is
/// a sum of others, and the small ones stand together.
Plot panel(const ScalingSeries& series, const std::vector<ScalingRow>& rows, const std::string& title,
           const std::string& unit_name, double unit) {
    Plot plot{title, "bits of every operand", unit_name, true, true, {}};
    const auto row_named = [&](const std::string& name) -> const ScalingRow* {
        for (const ScalingRow& row : rows) {
            if (row.component == name) return &row;
        }
        return nullptr;
    };
    const auto add = [&](const std::string& component) {
        const ScalingRow* row = row_named(component);
        plot.series.push_back({component_title(component), row != nullptr ? points_of(series, *row, unit) : Points{}});
    };
    for (const char* component :
         {"total", "array", "weight_buffer", "activation_buffer", "accumulator_buffer", "vector_unit", "dram"}) {
        add(component);
    }
    const Points total = plot.series.front().points;
    if (!total.empty()) {
        Points square;
        for (const auto& [bits, value] : total) {
            const double ratio = bits / total.front().first;
            square.emplace_back(bits, total.front().second * ratio * ratio);
        }
        plot.series.push_back({"total, were it bits²", std::move(square), PlotSeries::Mark::line});
    }
    return plot;
}

}  // namespace

void write_scaling_plot(const ScalingReport& report, const std::filesystem::path& file) {
    constexpr double pj_per_uj = 1e6;
    const ScalingSeries& series = report.equal_macs;
    const std::string on = report.network + " on " + report.chip;
    write_plots({panel(series, series.energy_pj, on + ": energy an inference", "µJ", pj_per_uj),
                 panel(series, series.area_mm2, "Area", "mm²", 1)},
                file);
}

}  // namespace npusim::cli
