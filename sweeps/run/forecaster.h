// Counts the layers that a sweep has left and times some of them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "npusim/sweeps/sweep_forecast.h"
#include "npusim/sweeps/worker.h"
#include "point_plan.h"

namespace npusim {

/// A point that the store does not have: its place in the sweep's list, and its key.
struct MissingPoint {
    std::size_t place = 0;
    std::string key;
};

class Forecaster {
public:
    /// All must outlive the forecaster.
    Forecaster(const std::vector<SweepPoint>& points, Networks& networks, const SweepRunOptions& options)
        : points_(points), networks_(networks), options_(options) {}

    /// Counts. Takes at most about a second: a plan takes some 0.15 ms, a simulation some 40 ms.
    void plan(const std::vector<MissingPoint>& missing, const std::function<bool(const std::string&)>& is_known);

    /// Simulates some of the counted work, for a twentieth of its time or a second. Gives what it found, which need not
    /// be simulated again.
    [[nodiscard]] std::vector<StoredLayer> time_some();

    [[nodiscard]] const SweepForecast& forecast() const { return forecast_; }

private:
    /// The layers that a point is the first to need.
    struct Work {
        const MissingPoint* point = nullptr;
        std::vector<std::size_t> layers;
    };

    [[nodiscard]] std::vector<const Work*> next_round(std::size_t most);
    [[nodiscard]] WorkerJob job_of(const Work& work);
    void learn(const Work& work, const RunResult& result, std::vector<StoredLayer>& found);

    const std::vector<SweepPoint>& points_;
    Networks& networks_;
    const SweepRunOptions& options_;
    SweepForecast forecast_;
    std::vector<Work> work_;
    std::size_t rounds_taken_ = 0;
    std::vector<bool> is_taken_;
};

}  // namespace npusim
