#include "npusim/workloads/datasets/shuffle.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "npusim/workloads/datasets/counter_random.h"
#include "random_purpose.h"

namespace npusim {

/// Fisher-Yates: std::shuffle's order differs between standard libraries.
std::vector<std::int64_t> shuffled_indices(std::int64_t count, std::uint64_t seed, std::uint64_t epoch) {
    CounterRandom random{key_of(RandomPurpose::shuffle), seed, epoch};
    std::vector<std::int64_t> indices(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)));
    std::iota(indices.begin(), indices.end(), std::int64_t{0});
    for (std::size_t left = indices.size(); left > 1; --left) std::swap(indices[left - 1], indices[random.below(left)]);
    return indices;
}

}  // namespace npusim
