#include "cli/sweep_progress.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "cli/format.h"
#include "cli/sweep_printer.h"

namespace npusim::cli {
namespace {

std::string count_text(std::int64_t count) {
    return thousands(static_cast<std::uint64_t>(count));
}

/// No digits that an estimate does not have.
std::string about(double seconds) {
    constexpr double minute = 60;
    constexpr double hour = 3600;
    const auto rounded = [&](double step) { return duration(std::round(seconds / step) * step); };
    if (seconds < 2) return "about a second";
    if (seconds < 20) return "about " + rounded(1);
    if (seconds < minute - 5) return "about " + rounded(5);
    const auto whole = [](double count, const char* unit) { return std::to_string(std::llround(count)) + unit; };
    if (seconds < 100 * minute) return "about " + whole(std::max(1.0, seconds / minute), " min");
    return "about " + whole(seconds / hour, " h");
}

std::vector<Objective> without_accuracies(const std::vector<Objective>& objectives) {
    const auto metrics = run_metrics(CostModel{}, Counters{});
    std::vector<Objective> known;
    std::copy_if(objectives.begin(), objectives.end(), std::back_inserter(known), [&](const Objective& objective) {
        return std::any_of(metrics.begin(), metrics.end(),
                           [&](const auto& metric) { return metric.first == objective.metric; });
    });
    return known;
}

/// By layers where some are left: points of known layers cost next to nothing.
std::optional<double> seconds_left(const SweepProgress& at, const SweepForecast* forecast, double seconds) {
    const auto rest_at = [&](std::int64_t done, std::int64_t all) {
        return static_cast<double>(std::max<std::int64_t>(0, all - done)) * seconds / static_cast<double>(done);
    };
    const std::int64_t fresh = at.points_done - at.points_found;
    if (forecast != nullptr && at.layers_simulated > 0 && at.layers_simulated < forecast->layers) {
        return rest_at(at.layers_simulated, forecast->layers);
    }
    if (fresh > 0) return rest_at(fresh, at.points - at.points_found);
    return forecast == nullptr ? std::nullopt : forecast->seconds;
}

}  // namespace

std::string forecast_text(const SweepForecast& forecast, bool has_accuracies) {
    const auto points = [](std::int64_t count) { return count_text(count) + (count == 1 ? " point" : " points"); };
    std::vector<std::string> parts;
    if (forecast.points_found > 0) parts.push_back(points(forecast.points_found) + " found in the store");
    const std::string roughly = forecast.is_counted ? "" : "about ";
    if (forecast.points_free > 0) parts.push_back(roughly + points(forecast.points_free) + " without simulation");
    if (forecast.points_to_simulate == 0) {
        parts.emplace_back("nothing to simulate");
    } else {
        parts.push_back(roughly + points(forecast.points_to_simulate) + " to simulate: " + roughly +
                        count_text(forecast.layers) + " distinct layers, " +
                        (forecast.seconds ? about(*forecast.seconds) : "for a time that is not known yet"));
    }
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
    return text + (has_accuracies ? "; then accuracies, which may take longer" : "");
}

void print_forecast(const SweepForecast& forecast, bool has_accuracies, std::ostream& out) {
    for (const std::string& line : wrap_text(forecast_text(forecast, has_accuracies), kReportWidth))
        out << line << '\n';
    out << std::flush;  // what follows takes its time
}

std::string sweep_line(const SweepProgress& at, const SweepForecast* forecast, double seconds,
                       const std::optional<BestPoint>& best) {
    std::string line = count_text(at.points_done) + " of " + count_text(at.points) + " points";
    const std::int64_t fresh = at.points_done - at.points_found;
    if (seconds > 1 && at.points_done < at.points) {
        if (fresh > 0) line += ", " + with_digits(static_cast<double>(fresh) / seconds, 3) + "/s";
        if (const auto left = seconds_left(at, forecast, seconds)) line += ", " + duration(*left) + " left";
    }
    if (at.points_failed > 0) line += ", " + std::to_string(at.points_failed) + " without a result";
    if (!best) return line;
    line += ", best " + metric_title(best->metric) + " " + metric_text(best->metric, best->value) + " at point " +
            std::to_string(best->index);
    if (best->front > 0) line += ", front of " + std::to_string(best->front);
    return line;
}

SweepLine::SweepLine(Progress& progress, const std::vector<Objective>& objectives, TechnologyOf technology_of)
    : progress_(progress),
      objectives_(without_accuracies(objectives_or_default(objectives))),
      are_all_known_(objectives_.size() == objectives_or_default(objectives).size()),
      technology_of_(std::move(technology_of)),
      front_(objectives_) {}

void SweepLine::add(const SweepPoint& point, const Counters& total) {
    if (!progress_.is_shown() || objectives_.empty() || !point.arch) return;
    const auto metrics = run_metrics(make_cost_model(*point.arch, technology_of_(*point.arch)), total, point.batch);
    std::vector<double> values;
    values.reserve(objectives_.size());
    for (const Objective& objective : objectives_) {
        const auto found = std::find_if(metrics.begin(), metrics.end(),
                                        [&](const auto& metric) { return metric.first == objective.metric; });
        values.push_back(found->second);
    }
    const bool is_better =
        !best_ || (objectives_.front().maximize ? values.front() > best_->value : values.front() < best_->value);
    if (is_better) best_ = {objectives_.front().metric, values.front(), point.index, 0};
    front_.add(std::move(values));
    if (are_all_known_) best_->front = front_.size();
}

void SweepLine::show(const SweepProgress& at) {
    progress_.show(sweep_line(at, forecast_ ? &*forecast_ : nullptr, seconds(), best_));
}

}  // namespace npusim::cli
