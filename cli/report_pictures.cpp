#include "cli/report_pictures.h"

#include <algorithm>
#include <map>

#include "cli/format.h"
#include "cli/printers.h"
#include "cli/roofline.h"
#include "npusim/base/error.h"
#include "npusim/sweeps/sweep_table.h"

namespace npusim::cli {
namespace {

constexpr double kMicrojoulesPerPj = 1e-6;

std::optional<double> value_of(const SweepTable& table, std::size_t place, const std::string& metric) {
    const auto found = std::find(table.metrics.begin(), table.metrics.end(), metric);
    if (found == table.metrics.end()) return std::nullopt;
    return table.rows[place].metrics[static_cast<std::size_t>(found - table.metrics.begin())];
}

std::string title_of(const ReportData& data, std::size_t place) {
    return data.spec.name + ", point " + std::to_string(data.table.rows[place].index) + " (" +
           data.table.rows[place].network + ")";
}

/// The metric over energy: the accuracy, else the first objective that is no energy.
Objective upwards(const ReportData& data) {
    for (std::size_t place = 0; place < data.table.rows.size(); ++place) {
        if (value_of(data.table, place, "top1")) return {"top1", true};
    }
    for (const Objective& objective : data.objectives) {
        if (objective.metric != "energy_pj" && objective.metric != "area_mm2") return objective;
    }
    return {"latency_ms", false};
}

using Places = std::vector<std::pair<double, double>>;

/// The points that no other beats in both, by ascending energy.
Places front_of(Places points, bool maximize) {
    const auto cost = [&](double y) { return maximize ? -y : y; };
    std::sort(points.begin(), points.end(), [&](const auto& a, const auto& b) {
        return std::pair(a.first, cost(a.second)) < std::pair(b.first, cost(b.second));
    });
    Places front;
    for (const auto& point : points) {
        if (front.empty() || cost(point.second) < cost(front.back().second)) front.push_back(point);
    }
    return front;
}

Plot tradeoff(const ReportData& data, const Objective& up) {
    const bool is_accuracy = up.metric == "top1";
    const double scale = is_accuracy ? 100 : 1;
    std::map<double, Places, std::greater<>> points_of_bits;
    Places all;
    for (std::size_t place = 0; place < data.table.rows.size(); ++place) {
        const auto x = value_of(data.table, place, "energy_pj");
        const auto y = value_of(data.table, place, up.metric);
        if (!x || !y) continue;
        all.emplace_back(*x * kMicrojoulesPerPj, *y * scale);
        points_of_bits[data.bits[place].value_or(0)].push_back(all.back());
    }
    constexpr double decade = 10;
    const auto [least, most] = std::minmax_element(all.begin(), all.end());
    const bool is_wide = !all.empty() && most->first > decade * least->first;
    Plot plot{data.spec.name, "energy (µJ)", is_accuracy ? "top-1 (%)" : up.metric, is_wide, !is_accuracy, {}};
    for (auto& [bits, points] : points_of_bits) {
        plot.series.push_back({trimmed(bits) + " bits", std::move(points), PlotSeries::Mark::points});
    }
    plot.series.push_back({"front", front_of(all, up.maximize), PlotSeries::Mark::line});
    return plot;
}

/// The chosen point at all precisions that the sweep has with all else equal.
StackedBars components(const ReportData& data, const std::string& kind, const std::string& unit, double scale) {
    std::vector<std::size_t> places = {*data.chosen};
    for (const PrecisionGroup& group : data.groups) {
        if (std::count(group.places.begin(), group.places.end(), *data.chosen) != 0) places = group.places;
    }
    StackedBars bars{title_of(data, *data.chosen), kind + " (" + (kind == "energy" ? "µJ" : "mm²") + ")", {}, {}};
    for (const std::size_t place : places) bars.labels.push_back(trimmed(data.bits[place].value_or(0)) + " bits");
    for (const std::string& metric : data.table.metrics) {
        if (!metric.starts_with(kind + "_") || !metric.ends_with(unit) || is_range_end(metric)) continue;
        const std::size_t letters = metric.size() - kind.size() - unit.size();
        if (letters <= 1) continue;
        const std::string part = metric.substr(kind.size() + 1, letters - 1);
        if (part == "on_chip") continue;
        std::vector<double> values;
        values.reserve(places.size());
        for (const std::size_t place : places)
            values.push_back(value_of(data.table, place, metric).value_or(0) * scale);
        bars.parts.push_back({component_title(part), std::move(values)});
    }
    return bars;
}

Plot roofline(const ReportData& data, const ArchSpec& arch) {
    Roofline roofs = roofs_of(arch);
    for (const PointLayers& detail : data.details) {
        if (detail.place != *data.chosen) continue;
        for (const std::size_t layer : detail.layers) {
            add_layer(roofs, arch, "", data.layers[layer].op, data.layers[layer].counters);
        }
    }
    return roofline_plot(title_of(data, *data.chosen), roofs);
}

ArchSpec chosen_chip(const ReportData& data) {
    return with_fields(data.reference.value(), data.chips[*data.chosen].value(), "the chosen point");
}

}  // namespace

void write_report_pictures(const ReportData& data, const std::filesystem::path& folder) {
    if (!data.chosen) return;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw InputError(folder.string(), "", "cannot be made: " + error.message());
    const Objective up = upwards(data);
    const std::string over = up.metric == "top1" ? "accuracy" : up.metric.substr(0, up.metric.find('_'));
    for (const char* suffix : {".svg", ".png"}) {
        write_plot(tradeoff(data, up), folder / (over + "_energy" + suffix));
        write_bars(components(data, "energy", "_pj", kMicrojoulesPerPj),
                   folder / (std::string("energy_components") + suffix));
        write_bars(components(data, "area", "_mm2", 1), folder / (std::string("area_components") + suffix));
        write_plot(roofline(data, chosen_chip(data)), folder / (std::string("roofline") + suffix));
    }
}

}  // namespace npusim::cli
