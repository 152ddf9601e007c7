// The Pareto front of points that come one by one.
#pragma once

#include <cstddef>
#include <vector>

#include "npusim/sweeps/sweep_spec.h"

namespace npusim {

/// Holds at any moment as many points as pareto_front would find among those that came.
class RunningFront {
public:
    explicit RunningFront(std::vector<Objective> objectives) : objectives_(std::move(objectives)) {}

    /// The objectives' values, in their order. A point that lacks one (NaN) takes no part.
    void add(std::vector<double> values);
    [[nodiscard]] std::size_t size() const { return costs_.size(); }

private:
    std::vector<Objective> objectives_;
    std::vector<std::vector<double>> costs_;  ///< negated where more is better
};

}  // namespace npusim
