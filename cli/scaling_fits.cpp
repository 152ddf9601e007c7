// What the figures of a scaled chip say: exponents, the component that breaks the square, what would help.
#include <algorithm>
#include <cmath>

#include "cli/format.h"
#include "cli/scaling_report.h"

namespace npusim::cli {
namespace {

using Parts = std::vector<std::pair<std::string, double>>;

std::vector<ScalingRow> rows_of(const std::vector<ScalingPoint>& points, Parts ScalingPoint::*parts) {
    std::vector<ScalingRow> rows;
    const auto ran =
        std::find_if(points.begin(), points.end(), [](const auto& point) { return point.failure.empty(); });
    if (ran == points.end()) return rows;
    for (std::size_t place = 0; place < ((*ran).*parts).size(); ++place) {
        ScalingRow row;
        row.component = ((*ran).*parts)[place].first;
        std::vector<std::pair<double, std::optional<double>>> fitted;
        for (const ScalingPoint& point : points) {
            if (!point.failure.empty()) {
                row.values.emplace_back();
                continue;
            }
            row.values.emplace_back((point.*parts)[place].second);
            fitted.emplace_back(point.bits, row.values.back());
        }
        for (std::size_t i = 0; i + 1 < points.size(); ++i) {
            const bool both = row.values[i] && row.values[i + 1];
            row.local_exponents.push_back(
                both ? local_exponent({points[i].bits, *row.values[i]}, {points[i + 1].bits, *row.values[i + 1]})
                     : std::nullopt);
        }
        row.fit = fit_power(fitted);
        rows.push_back(std::move(row));
    }
    return rows;
}

/// The first and the last point that ran.
std::optional<std::pair<std::size_t, std::size_t>> ends_of(const ScalingSeries& series) {
    std::optional<std::pair<std::size_t, std::size_t>> ends;
    for (std::size_t i = 0; i < series.points.size(); ++i) {
        if (!series.points[i].failure.empty()) continue;
        if (!ends) ends = {i, i};
        ends->second = i;
    }
    if (ends && ends->first == ends->second) return std::nullopt;
    return ends;
}

std::string fixed(double value) {
    const auto hundredths = std::llround(std::abs(value) * 100);
    const std::string rest = std::to_string(hundredths % 100);
    return (value < 0 && hundredths > 0 ? "-" : "") + std::to_string(hundredths / 100) +
           (rest.size() < 2 ? ".0" : ".") + rest;
}

const ScalingChange* best_change(const ScalingReport& report) {
    const ScalingChange* best = nullptr;
    for (const ScalingChange& change : report.changes) {
        if (change.failure.empty() && (best == nullptr || change.energy_pj < best->energy_pj)) best = &change;
    }
    if (best == nullptr || !report.unchanged || best->energy_pj >= report.unchanged->energy_pj.back().second) {
        return nullptr;
    }
    return best;
}

std::string breaker_text(const ScalingReport& report, const ScalingPoint& wide, const ScalingPoint& narrow,
                         std::size_t place) {
    const auto exponent =
        local_exponent({wide.bits, wide.energy_pj[place].second}, {narrow.bits, narrow.energy_pj[place].second});
    const double total = narrow.energy_pj.back().second;
    const auto whole = local_exponent({wide.bits, wide.energy_pj.back().second}, {narrow.bits, total});
    return "From " + std::to_string(wide.bits) + " to " + std::to_string(narrow.bits) +
           " bits the energy falls with the power " + (whole ? fixed(*whole) : "?") +
           " of the bits, not 2: what breaks the square most is the " + component_title(report.breaker) + " (power " +
           (exponent ? fixed(*exponent) : "0") + ", " + percent(narrow.energy_pj[place].second, total) +
           " % of the energy at " + std::to_string(narrow.bits) + " bits).";
}

std::string change_text(const ScalingReport& report) {
    if (report.changes.empty() || !report.unchanged) return "";
    const std::string at = " at " + std::to_string(report.changes_at) + " bits";
    const ScalingChange* best = best_change(report);
    if (best == nullptr)
        return " None of the " + std::to_string(report.changes.size()) + " changes tried" + at + " helps.";
    const double before = report.unchanged->energy_pj.back().second;
    return " Of " + std::to_string(report.changes.size()) + " changes tried" + at + ", " + best->name +
           " would help most: " + percent(before - best->energy_pj, before) + " % less energy.";
}

}  // namespace

void fit_series(ScalingSeries& series) {
    series.energy_pj = rows_of(series.points, &ScalingPoint::energy_pj);
    series.area_mm2 = rows_of(series.points, &ScalingPoint::area_mm2);
}

void conclude(ScalingReport& report) {
    const auto ends = ends_of(report.equal_macs);
    if (!ends) {
        report.sentence = "Fewer than two precisions could be simulated.";
        return;
    }
    const ScalingPoint& wide = report.equal_macs.points[ends->first];
    const ScalingPoint& narrow = report.equal_macs.points[ends->second];
    const double promised = std::pow(static_cast<double>(narrow.bits) / wide.bits, 2);
    double worst_pj = 0;
    std::size_t worst = 0;
    for (std::size_t i = 0; i < narrow.energy_pj.size(); ++i) {
        const std::string& name = narrow.energy_pj[i].first;
        const double excess_pj = narrow.energy_pj[i].second - wide.energy_pj[i].second * promised;
        if (name == "on_chip" || name == "total" || excess_pj <= worst_pj) continue;
        worst_pj = excess_pj;
        worst = i;
        report.breaker = name;
    }
    report.sentence = report.breaker.empty() ? "The energy falls at least with the square of the bits."
                                             : breaker_text(report, wide, narrow, worst);
    report.sentence += change_text(report);
}

}  // namespace npusim::cli
