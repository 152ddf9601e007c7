// What a sweep has left to do, and about how long it will take, before it begins.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "npusim/sweeps/sweep_runner.h"

namespace npusim {

struct SweepForecast {
    std::int64_t points = 0;
    std::int64_t points_found = 0;        ///< that the store has
    std::int64_t points_free = 0;         ///< of known layers only, or without a chip: they need no simulation
    std::int64_t points_to_simulate = 0;  ///< all others
    std::int64_t layers = 0;              ///< distinct ones to simulate
    bool is_counted = true;  ///< false: there are so many points that the last two are scaled up from a part
    /// Of the simulation, by the time that some of the points took. Empty: nothing to do, or none of them ended.
    std::optional<double> seconds;
};

/// The forecast of run_sweep with the same arguments, which simulates a few points (for about a second) and keeps
/// nothing. `store` may be null: there is none yet. The process must have no other thread but MPI's.
[[nodiscard]] SweepForecast forecast_sweep(const std::vector<SweepPoint>& points, const SweepStore* store,
                                           const SweepRunOptions& options);

}  // namespace npusim
