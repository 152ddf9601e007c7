// Where a sweep stands: what is left before it begins, and the line that it shows while it runs.
#pragma once

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "cli/printers.h"
#include "cli/progress.h"
#include "npusim/sweeps/running_front.h"
#include "npusim/sweeps/sweep_forecast.h"
#include "npusim/sweeps/sweep_table.h"

namespace npusim::cli {

/// "12 points found in the store, 1,908 to simulate: 34,344 distinct layers, about 1 min". `has_accuracies`: the sweep
/// measures them after it, for which there is no estimate.
[[nodiscard]] std::string forecast_text(const SweepForecast& forecast, bool has_accuracies);
void print_forecast(const SweepForecast& forecast, bool has_accuracies, std::ostream& out);

/// The first objective's best value so far, its point, and how many points no other beats.
struct BestPoint {
    std::string metric;
    double value = 0;
    std::int64_t index = 0;
    std::size_t front = 0;  ///< 0: an objective (an accuracy) is not known yet
};

/// "412 of 1,920 points, 31.2/s, 48 s left, best energy 4.957 mJ at point 37, front of 14". `forecast` may be null.
[[nodiscard]] std::string sweep_line(const SweepProgress& at, const SweepForecast* forecast, double seconds,
                                     const std::optional<BestPoint>& best);

class SweepLine {
public:
    /// Prices nothing where the progress is not shown.
    SweepLine(Progress& progress, const std::vector<Objective>& objectives, TechnologyOf technology_of);

    void expect(const SweepForecast& forecast) { forecast_ = forecast; }
    void add(const SweepPoint& point, const Counters& total);
    void show(const SweepProgress& at);
    [[nodiscard]] double seconds() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

private:
    using Clock = std::chrono::steady_clock;
    Progress& progress_;
    std::vector<Objective> objectives_;  ///< that are known without an accuracy
    bool are_all_known_ = true;
    TechnologyOf technology_of_;
    RunningFront front_;
    std::optional<SweepForecast> forecast_;
    std::optional<BestPoint> best_;
    Clock::time_point began_ = Clock::now();
};

}  // namespace npusim::cli
