#include "npusim/workloads/datasets/shuffle.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

using npusim::shuffled_indices;

namespace {

bool is_permutation_of_all(std::vector<std::int64_t> indices) {
    std::sort(indices.begin(), indices.end());
    for (std::size_t i = 0; i < indices.size(); ++i) {
        if (indices[i] != static_cast<std::int64_t>(i)) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("Each epoch has a permutation of its own that follows from the seed") {
    const auto order = shuffled_indices(1000, 3, 0);
    CHECK(is_permutation_of_all(order));
    CHECK(shuffled_indices(1000, 3, 0) == order);
    CHECK(shuffled_indices(1000, 3, 1) != order);
    CHECK(shuffled_indices(1000, 4, 0) != order);
    CHECK(shuffled_indices(0, 3, 0).empty());
    CHECK(shuffled_indices(1, 3, 0) == std::vector<std::int64_t>{0});
}

TEST_CASE("A shuffle puts every image at every place equally often") {
    constexpr std::size_t count = 8;
    constexpr int epochs = 8000;
    constexpr double expected = double{epochs} / count;
    std::vector<int> hits(count * count);
    for (std::uint64_t epoch = 0; epoch < epochs; ++epoch) {
        const auto order = shuffled_indices(std::int64_t{count}, 11, epoch);
        for (std::size_t place = 0; place < count; ++place) {
            ++hits[place * count + static_cast<std::size_t>(order[place])];
        }
    }
    double chi_square = 0;
    for (const int hit : hits) chi_square += std::pow(hit - expected, 2) / expected;
    CHECK(chi_square < 96);  // about 49 degrees of freedom: exceeded with a chance below 10^-4
}

TEST_CASE("A shuffle's order is the same on every machine") {
    CHECK(shuffled_indices(10, 1, 2) == std::vector<std::int64_t>{0, 2, 9, 3, 7, 5, 8, 4, 1, 6});
}
