// In which order the combinations of a design space are looked at.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <unordered_map>
#include <unordered_set>

#include "grid.h"

namespace npusim::design_space {

/// Numbers of combinations, none twice; nothing once all have been given.
using Candidates = std::function<std::optional<std::int64_t>()>;

/// `all`: in ascending order. `random`: every order equally likely. `low_discrepancy`: Sobol's sequence over the axes,
/// each axis shifted (exclusive or) by the seed; where the sequence finds nothing new for long, the rest at random.
/// The same on every platform.
[[nodiscard]] Candidates candidates_of(const Grid& grid, const SweepSample& sample);

/// A random permutation of 0 .. size - 1, made as it is asked for: memory grows with the draws, not with `size`.
class RandomOrder {
public:
    RandomOrder(std::int64_t size, std::uint64_t seed) : size_(size), random_(seed) {}
    std::optional<std::int64_t> next();

private:
    /// Uniform below `bound`, which must be positive.
    std::int64_t below(std::int64_t bound);

    std::int64_t size_;
    std::int64_t given_ = 0;
    std::mt19937_64 random_;
    std::unordered_map<std::int64_t, std::int64_t> moved_;  ///< places of the permutation that hold another number
};

}  // namespace npusim::design_space
