#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/workloads/datasets/shapes.h"

using npusim::Dataset;
using npusim::make_shapes_test;
using npusim::make_shapes_train;

namespace {

std::string hash_of(const Dataset& dataset, std::int64_t index) {
    return npusim::content_hash(std::as_bytes(dataset.image(index)));
}

/// Sums of `parts` equal runs of an image's bytes: three runs are the mean colour but for a factor.
std::vector<double> sums(const Dataset& dataset, std::int64_t index, std::size_t parts) {
    const auto image = dataset.image(index);
    const std::size_t run = image.size() / parts;
    std::vector<double> result(parts);
    for (std::size_t i = 0; i < image.size(); ++i) result[i / run] += image[i] / static_cast<double>(run);
    return result;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

/// Accuracy of naming the class whose mean is the nearest.
double nearest_mean_accuracy(const Dataset& train, const Dataset& test, std::size_t parts) {
    std::vector<std::vector<double>> means(10, std::vector<double>(parts));
    for (std::int64_t i = 0; i < train.size(); ++i) {
        const auto values = sums(train, i, parts);
        auto& mean = means[static_cast<std::size_t>(train.labels[static_cast<std::size_t>(i)])];
        for (std::size_t k = 0; k < parts; ++k) mean[k] += 10 * values[k] / static_cast<double>(train.size());
    }
    int right = 0;
    for (std::int64_t i = 0; i < test.size(); ++i) {
        const auto values = sums(test, i, parts);
        const auto nearest = std::min_element(means.begin(), means.end(), [&](const auto& a, const auto& b) {
            return distance(a, values) < distance(b, values);
        });
        if (nearest - means.begin() == test.labels[static_cast<std::size_t>(i)]) ++right;
    }
    return right / static_cast<double>(test.size());
}

}  // namespace

TEST_CASE("The drawn images of a seed are the same bytes on every machine") {
    CHECK(make_shapes_train(50, 1).content_hash == "40c2dc5d0a65c2b59b8e711f3536db25");
    CHECK(make_shapes_test(50, 18446744073709551615U).content_hash == "ac8fb10ed7fa39c0ff5c1965728aefbe");
}

TEST_CASE("A drawn image does not depend on how many are drawn but on the seed") {
    const Dataset many = make_shapes_train(40, 7);
    const Dataset few = make_shapes_train(13, 7);
    CHECK(std::equal(few.pixels.begin(), few.pixels.end(), many.pixels.begin()));
    CHECK(few.content_hash != many.content_hash);
    const Dataset other = make_shapes_train(40, 8);
    for (std::int64_t i = 0; i < 40; ++i) CHECK(hash_of(other, i) != hash_of(many, i));
}

TEST_CASE("Drawn classes are of equal number in any run of ten images") {
    const Dataset dataset = make_shapes_test(230, 3);
    REQUIRE(dataset.size() == 230);
    CHECK(dataset.image_shape == npusim::TensorShape{3, 32, 32});
    CHECK(dataset.pixels.size() == std::size_t{230} * 3072);
    CHECK(dataset.class_names.size() == 10);
    for (auto begin = dataset.labels.begin(); begin != dataset.labels.end(); begin += 10) {
        for (int label = 0; label < 10; ++label) CHECK(std::count(begin, begin + 10, label) == 1);
    }
}

TEST_CASE("No drawn image occurs twice, be it in training, in testing or under a neighbouring seed") {
    std::set<std::string> hashes;
    for (const std::uint64_t seed : {0U, 1U, 2U}) {
        for (const Dataset& dataset : {make_shapes_train(500, seed), make_shapes_test(500, seed)}) {
            for (std::int64_t i = 0; i < dataset.size(); ++i) hashes.insert(hash_of(dataset, i));
        }
    }
    CHECK(hashes.size() == 3000);
}

TEST_CASE("Neither the mean colour nor the mean image tells which shape is drawn") {
    const Dataset train = make_shapes_train(3000, 1);
    const Dataset test = make_shapes_test(1000, 1);
    CHECK(nearest_mean_accuracy(train, test, 3) < 0.25);
    CHECK(nearest_mean_accuracy(train, test, 3072) < 0.30);
}

TEST_CASE("The drawn images have the mean and deviation that they are normalized with") {
    const Dataset dataset = make_shapes_train(1000, 5);
    const auto plane = std::size_t{1024};
    for (std::size_t channel = 0; channel < 3; ++channel) {
        double sum = 0;
        double squares = 0;
        for (std::size_t i = 0; i < dataset.pixels.size(); ++i) {
            if (i / plane % 3 != channel) continue;
            const double value = dataset.pixels[i] / 255.0;
            sum += value;
            squares += value * value;
        }
        const double count = static_cast<double>(dataset.pixels.size()) / 3;
        const double mean = sum / count;
        CHECK(mean == Approx(dataset.normalization.mean.at(channel)).margin(0.02));
        CHECK(std::sqrt(squares / count - mean * mean) ==
              Approx(dataset.normalization.stddev.at(channel)).margin(0.02));
    }
}

TEST_CASE("A number of drawn images out of range is refused") {
    CHECK_THROWS_WITH(make_shapes_train(0, 1), "data set shapes: images: 0 is outside 1..1000000");
    CHECK_THROWS_WITH(make_shapes_test(1'000'001, 1), "data set shapes: images: 1000001 is outside 1..1000000");
    CHECK_THROWS_AS(make_shapes_test(std::numeric_limits<std::int64_t>::min(), 1), npusim::InputError);
}

TEST_CASE("Drawn images are named by their kind and a seed and need no folder") {
    const auto plain = npusim::parse_dataset_name("shapes", "");
    CHECK(plain.kind == "shapes");
    CHECK(plain.seed == npusim::kShapesSeed);
    const auto seeded = npusim::parse_dataset_name("shapes:18446744073709551615", "/no/such/folder");
    CHECK(seeded.seed == 18446744073709551615U);
    CHECK(npusim::read_train_images(npusim::parse_dataset_name("shapes:9", ""), 30).content_hash ==
          make_shapes_train(30, 9).content_hash);
    CHECK(npusim::read_test_images(seeded).size() == npusim::kShapesTestImages);
}

TEST_CASE("A seed that is no integer in range is refused with what is allowed") {
    for (const std::string text : {"", "x", "1x", "-1", "+1", " 1", "1.5", "18446744073709551616"}) {
        CHECK_THROWS_WITH(npusim::parse_dataset_name("shapes:" + text, ""),
                          "data set shapes:" + text + ": seed \"" + text +
                              "\" is no integer in 0..18446744073709551615; write shapes or shapes:SEED");
    }
}
