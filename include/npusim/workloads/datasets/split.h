// Parts and orders of a data set.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "npusim/workloads/datasets/dataset.h"

namespace npusim {

/// The images of these indices, in this order. Throws std::out_of_range for an index outside the data set.
[[nodiscard]] Dataset take(const Dataset& dataset, std::span<const std::int64_t> indices);

struct Split {
    Dataset train;
    Dataset held_out;
};
/// Draws `held_out` of the images without replacement; both parts keep the data set's order. Throws InputError unless
/// both parts get an image.
[[nodiscard]] Split split_dataset(const Dataset& dataset, std::int64_t held_out, std::uint64_t seed);

/// A permutation of 0..count−1 that follows from seed and epoch alone.
[[nodiscard]] std::vector<std::int64_t> shuffled_indices(std::int64_t count, std::uint64_t seed, std::uint64_t epoch);

}  // namespace npusim
