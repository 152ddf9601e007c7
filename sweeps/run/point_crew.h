// Who simulates the layers of a sweep's points: this machine's workers, or those of all ranks.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "npusim/ranks/ranks.h"
#include "npusim/sweeps/sweep_spec.h"
#include "npusim/sweeps/worker.h"

namespace npusim {

/// Layers of a point, by their numbers in execution order. The point, by its place in the sweep's list, has a chip.
struct PointWork {
    std::size_t place = 0;
    std::vector<std::size_t> layers;
};

using NumberedOutcome = std::pair<std::size_t, WorkerOutcome>;

class PointCrew {
public:
    PointCrew() = default;
    virtual ~PointCrew() = default;
    PointCrew(const PointCrew&) = delete;
    PointCrew& operator=(const PointCrew&) = delete;

    /// Whether somebody has nothing to do.
    [[nodiscard]] virtual bool has_room() const = 0;
    /// Whether anything runs.
    [[nodiscard]] virtual bool is_busy() const = 0;
    /// `number` names the work in what wait() gives. More may be started than there is room for.
    virtual void start(std::size_t number, const PointWork& work) = 0;
    /// Waits until some work has ended, or at most `most` (-1: until something happens or a signal arrives).
    virtual std::vector<NumberedOutcome> wait(std::chrono::milliseconds most) = 0;
    /// Nothing more will come; those who wait for work end.
    virtual void dismiss() = 0;
};

/// Worker processes of this process. `points` must outlive the crew.
[[nodiscard]] std::unique_ptr<PointCrew> make_local_crew(const std::vector<SweepPoint>& points, unsigned workers,
                                                         std::chrono::milliseconds time_limit);

/// `own`, and the crews of the other ranks, which run serve_points.
[[nodiscard]] std::unique_ptr<PointCrew> make_rank_crew(std::unique_ptr<PointCrew> own, Ranks& ranks);

/// Works for the first rank until it dismisses its crew.
void serve_points(PointCrew& own, Ranks& ranks, unsigned workers);

}  // namespace npusim
