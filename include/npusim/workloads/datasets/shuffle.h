// The order in which an epoch sees the images.
#pragma once

#include <cstdint>
#include <vector>

namespace npusim {

/// A permutation of 0..count−1 that follows from seed and epoch alone.
[[nodiscard]] std::vector<std::int64_t> shuffled_indices(std::int64_t count, std::uint64_t seed, std::uint64_t epoch);

}  // namespace npusim
