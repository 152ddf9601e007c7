#include "npusim/report/scaling_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace npusim {
namespace {

struct LogPoint {
    double x = 0;
    double y = 0;
};

/// The 97.5 % quantile of Student's t distribution.
double student_t(std::size_t degrees_of_freedom) {
    constexpr std::array<double, 13> quantiles{0,     12.706, 4.303, 3.182, 2.776, 2.571, 2.447,
                                               2.365, 2.306,  2.262, 2.228, 2.201, 2.179};
    constexpr double normal = 1.96;
    if (degrees_of_freedom < quantiles.size()) return quantiles.at(degrees_of_freedom);
    return normal * (1 + 1.3 / static_cast<double>(degrees_of_freedom));  // within 0.4 % from 13 on
}

/// Slope and quality of the straight line; the points have at least two different x.
PowerFit fit_line(const std::vector<LogPoint>& points) {
    const auto count = static_cast<double>(points.size());
    double mean_x = 0;
    double mean_y = 0;
    for (const LogPoint& point : points) {
        mean_x += point.x / count;
        mean_y += point.y / count;
    }
    double xx = 0;
    double xy = 0;
    double yy = 0;
    for (const auto& [x, y] : points) {
        xx += (x - mean_x) * (x - mean_x);
        xy += (x - mean_x) * (y - mean_y);
        yy += (y - mean_y) * (y - mean_y);
    }
    // Sums of equal values differ from one another by rounding only.
    constexpr double rounding = 1e-20;
    if (yy <= rounding * count) return {0, 1, 0, 0};
    PowerFit fit{xy / xx, xy * xy / (xx * yy)};
    const double unexplained = std::max(yy - xy * xy / xx, 0.0);
    const double half_width = student_t(points.size() - 2) * std::sqrt(unexplained / (count - 2) / xx);
    fit.low = fit.exponent - half_width;
    fit.high = fit.exponent + half_width;
    return fit;
}

std::set<std::string> precision_fields(const SweepSpec& spec) {
    for (const char* wanted : {"bits", "/precision/weight_bits"}) {
        for (const SweepAxis& axis : spec.axes) {
            if (std::count(axis.fields.begin(), axis.fields.end(), wanted) != 0) {
                return {axis.fields.begin(), axis.fields.end()};
            }
        }
    }
    return {};
}

/// What rows of one group have in common.
std::string key_of(const SweepTable& table, const SweepRow& row, const std::set<std::string>& left_out) {
    nlohmann::json key = {row.network};
    for (std::size_t i = 0; i < table.fields.size(); ++i) {
        if (!left_out.contains(table.fields[i])) key.push_back(row.settings[i]);
    }
    return key.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_fitted(const std::string& metric) {
    if (is_range_end(metric)) return false;
    const bool energy = metric == "energy_pj" || (metric.starts_with("energy_") && metric.ends_with("_pj"));
    return energy || metric == "area_mm2" || (metric.starts_with("area_") && metric.ends_with("_mm2"));
}

}  // namespace

std::optional<double> local_exponent(std::pair<double, double> point, std::pair<double, double> other) {
    if (point.first <= 0 || other.first <= 0 || point.first == other.first) return std::nullopt;
    if (point.second <= 0 || other.second <= 0) return std::nullopt;
    return std::log(point.second / other.second) / std::log(point.first / other.first);
}

std::optional<PowerFit> fit_power(const std::vector<std::pair<double, std::optional<double>>>& value_of_bits) {
    constexpr std::size_t fewest_bits = 3;
    std::vector<LogPoint> points;
    std::set<double> different;
    points.reserve(value_of_bits.size());
    for (const auto& [bits, value] : value_of_bits) {
        if (!value || !(*value > 0) || !std::isfinite(*value) || !(bits > 0)) return std::nullopt;
        points.push_back({std::log(bits), std::log(*value)});
        different.insert(bits);
    }
    if (different.size() < fewest_bits) return std::nullopt;
    return fit_line(points);
}

std::vector<std::string> fitted_metrics(const SweepTable& table) {
    std::vector<std::string> metrics;
    std::copy_if(table.metrics.begin(), table.metrics.end(), std::back_inserter(metrics), is_fitted);
    return metrics;
}

std::vector<PrecisionGroup> precision_groups(const SweepSpec& spec, const SweepTable& table,
                                             const std::vector<std::optional<double>>& bits) {
    const std::set<std::string> left_out = precision_fields(spec);
    std::vector<PrecisionGroup> groups;
    std::map<std::string, std::size_t> group_of_key;
    for (std::size_t place = 0; place < table.rows.size(); ++place) {
        if (table.rows[place].status != PointStatus::done || !bits[place]) continue;
        const auto [found, fresh] = group_of_key.try_emplace(key_of(table, table.rows[place], left_out), groups.size());
        if (fresh) groups.emplace_back();
        groups[found->second].places.push_back(place);
    }
    for (PrecisionGroup& group : groups) {
        std::stable_sort(group.places.begin(), group.places.end(),
                         [&](std::size_t a, std::size_t b) { return *bits[a] > *bits[b]; });
        for (std::size_t i = 0; i < table.metrics.size(); ++i) {
            if (!is_fitted(table.metrics[i])) continue;
            std::vector<std::pair<double, std::optional<double>>> values;
            values.reserve(group.places.size());
            for (const std::size_t place : group.places) {
                values.emplace_back(*bits[place], table.rows[place].metrics[i]);
            }
            group.fits.push_back(fit_power(values));
        }
    }
    return groups;
}

}  // namespace npusim
