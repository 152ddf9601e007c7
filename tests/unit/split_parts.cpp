#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "npusim/base/error.h"
#include "npusim/workloads/datasets/split.h"

using npusim::Dataset;
using npusim::shuffled_indices;

namespace {

/// Image i has label i % 10 and six pixels of value i.
Dataset numbered(int count) {
    Dataset dataset;
    dataset.name = "numbered";
    dataset.image_shape = {1, 2, 3};
    dataset.class_names = {"a", "b"};
    dataset.normalization = {{0.5}, {0.25}};
    dataset.mirrored_keeps_class = false;
    dataset.content_hash = "numbers";
    for (int i = 0; i < count; ++i) {
        dataset.labels.push_back(i % 10);
        dataset.pixels.insert(dataset.pixels.end(), 6, static_cast<std::uint8_t>(i));
    }
    return dataset;
}

std::vector<int> numbers_in(const Dataset& part) {
    std::vector<int> numbers;
    for (std::int64_t i = 0; i < part.size(); ++i) {
        const auto image = part.image(i);
        REQUIRE(std::count(image.begin(), image.end(), image[0]) == 6);
        CHECK(part.labels[static_cast<std::size_t>(i)] == image[0] % 10);
        numbers.push_back(image[0]);
    }
    return numbers;
}

bool is_permutation_of_all(std::vector<std::int64_t> indices) {
    std::sort(indices.begin(), indices.end());
    for (std::size_t i = 0; i < indices.size(); ++i) {
        if (indices[i] != static_cast<std::int64_t>(i)) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("Taken images keep their labels and stand in the order asked for") {
    const Dataset all = numbered(30);
    const std::vector<std::int64_t> indices{29, 0, 7, 7};
    const Dataset part = npusim::take(all, indices);
    CHECK(numbers_in(part) == std::vector<int>{29, 0, 7, 7});
    CHECK(part.image_shape == all.image_shape);
    CHECK(part.class_names == all.class_names);
    CHECK(part.normalization.mean == all.normalization.mean);
    CHECK(part.normalization.stddev == all.normalization.stddev);
    CHECK_FALSE(part.mirrored_keeps_class);
    CHECK(part.content_hash != all.content_hash);
    CHECK(part.content_hash != npusim::take(all, std::vector<std::int64_t>{0, 29, 7, 7}).content_hash);
    CHECK(npusim::take(all, {}).size() == 0);
}

TEST_CASE("An image outside the data set cannot be taken") {
    const Dataset all = numbered(30);
    CHECK_THROWS_AS(npusim::take(all, std::vector<std::int64_t>{30}), std::out_of_range);
    CHECK_THROWS_AS(npusim::take(all, std::vector<std::int64_t>{-1}), std::out_of_range);
}

TEST_CASE("A split puts each image into one part and keeps the order in both") {
    const Dataset all = numbered(200);
    for (const std::int64_t held_out : {1, 20, 199}) {
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const auto split = npusim::split_dataset(all, held_out, seed);
            CHECK(split.held_out.size() == held_out);
            const auto train = numbers_in(split.train);
            const auto rest = numbers_in(split.held_out);
            std::vector<int> merged;
            std::merge(train.begin(), train.end(), rest.begin(), rest.end(), std::back_inserter(merged));
            std::vector<int> expected(200);
            std::iota(expected.begin(), expected.end(), 0);
            CHECK(merged == expected);
        }
    }
}

TEST_CASE("A split follows from its seed alone") {
    const Dataset all = numbered(200);
    const auto first = npusim::split_dataset(all, 50, 4);
    CHECK(npusim::split_dataset(all, 50, 4).held_out.pixels == first.held_out.pixels);
    CHECK(npusim::split_dataset(all, 50, 5).held_out.pixels != first.held_out.pixels);
    CHECK(npusim::split_dataset(all, 50, 5).train.content_hash != first.train.content_hash);
}

TEST_CASE("A split that leaves a part empty is refused with what is allowed") {
    for (const std::int64_t held_out : {-1, 0, 200, 201}) {
        CHECK_THROWS_WITH(npusim::split_dataset(numbered(200), held_out, 1),
                          "data set numbered: held-out images: " + std::to_string(held_out) + " is outside 1..199");
    }
}

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
