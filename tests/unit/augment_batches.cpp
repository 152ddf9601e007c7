#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <random>

#include "npusim/workloads/datasets/augment.h"

using npusim::Augmentation;
using npusim::Dataset;
using npusim::ImageMove;
using npusim::ImageNormalizer;
using npusim::TensorShape;

namespace {

std::vector<std::uint8_t> random_bytes(std::mt19937& random, std::int64_t count) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

Dataset random_dataset(const TensorShape& shape, int count) {
    std::mt19937 random(17);
    Dataset dataset;
    dataset.image_shape = shape;
    dataset.labels.resize(static_cast<std::size_t>(count));
    dataset.pixels = random_bytes(random, count * shape.elements());
    return dataset;
}

/// By the words of the definition: pads with black on all sides, crops, then mirrors.
std::uint8_t moved_pixel(const std::vector<std::uint8_t>& image, const TensorShape& shape, int padding,
                         const ImageMove& move, std::int64_t c, std::int64_t y, std::int64_t x) {
    const std::int64_t unmirrored = move.mirrored ? shape.width - 1 - x : x;
    const std::int64_t row = y + move.top - padding;
    const std::int64_t column = unmirrored + move.left - padding;
    const bool inside = row >= 0 && row < shape.height && column >= 0 && column < shape.width;
    return inside ? image[static_cast<std::size_t>((c * shape.height + row) * shape.width + column)] : std::uint8_t{0};
}

const npusim::Normalization rgb{{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};

}  // namespace

TEST_CASE("A moved image is the crop of the padded image, mirrored") {
    std::mt19937 random(5);
    for (int round = 0; round < 300; ++round) {
        const auto draw = [&](int low, int high) {
            return low + static_cast<int>(random() % unsigned(high - low + 1));
        };
        const TensorShape shape{draw(1, 3), draw(1, 9), draw(1, 9)};
        const int padding = draw(0, 11);
        const ImageMove move{draw(0, 2 * padding), draw(0, 2 * padding), draw(0, 1) == 1};
        const auto image = random_bytes(random, shape.elements());
        std::vector<std::uint8_t> moved(image.size());
        npusim::move_image(image, shape, padding, move, moved);
        std::vector<std::uint8_t> expected;
        for (std::int64_t c = 0; c < shape.channels; ++c) {
            for (std::int64_t y = 0; y < shape.height; ++y) {
                for (std::int64_t x = 0; x < shape.width; ++x) {
                    expected.push_back(moved_pixel(image, shape, padding, move, c, y, x));
                }
            }
        }
        CHECK(moved == expected);
    }
}

TEST_CASE("Every crop and both directions come equally often") {
    std::map<std::tuple<int, int, bool>, int> counts;
    constexpr int images = 32'400;
    for (std::int64_t image = 0; image < images; ++image) {
        const ImageMove move = npusim::random_move({}, 1, 0, image);
        ++counts[{move.top, move.left, move.mirrored}];
    }
    REQUIRE(counts.size() == 162);
    double chi_square = 0;
    for (const auto& [move, count] : counts) chi_square += std::pow(count - 200, 2) / 200;
    CHECK(chi_square < 236);  // 161 degrees of freedom: exceeded with a chance of 10^-4
    CHECK(std::get<0>(counts.begin()->first) == 0);
    CHECK(std::get<0>(counts.rbegin()->first) == 8);
}

TEST_CASE("A move follows from seed, epoch and image, and each of them matters") {
    const auto moves = [](std::uint64_t seed, std::uint64_t epoch, std::int64_t first) {
        std::vector<int> result;
        for (std::int64_t image = first; image < first + 50; ++image) {
            const ImageMove move = npusim::random_move({}, seed, epoch, image);
            result.push_back((move.top * 9 + move.left) * 2 + (move.mirrored ? 1 : 0));
        }
        return result;
    };
    CHECK(moves(1, 2, 3) == moves(1, 2, 3));
    CHECK(moves(1, 2, 3) != moves(2, 2, 3));
    CHECK(moves(1, 2, 3) != moves(1, 3, 3));
    CHECK(moves(1, 2, 3) != moves(1, 2, 4));
    CHECK(moves(1, 2, 3) != moves(2, 1, 3));
}

TEST_CASE("Without flips nothing is mirrored and without padding nothing is moved") {
    for (std::int64_t image = 0; image < 200; ++image) {
        CHECK_FALSE(npusim::random_move({4, false}, 1, 0, image).mirrored);
        const ImageMove still = npusim::random_move({0, true}, 1, 0, image);
        CHECK((still.top == 0 && still.left == 0));
    }
}

TEST_CASE("Images that a mirror would put into another class are not mirrored") {
    Dataset dataset;
    CHECK(npusim::usual_augmentation(dataset).horizontal_flip);
    CHECK(npusim::usual_augmentation(dataset).crop_padding == 4);
    dataset.mirrored_keeps_class = false;
    CHECK_FALSE(npusim::usual_augmentation(dataset).horizontal_flip);
}

TEST_CASE("A batch holds the normalized images to the bit, channels last") {
    const TensorShape shape{3, 4, 5};
    const Dataset dataset = random_dataset(shape, 60);
    const std::vector<std::int64_t> indices{59, 3, 3, 0};
    std::vector<float> values(indices.size() * 60);
    npusim::write_batch(dataset, indices, ImageNormalizer(rgb), values);
    for (std::size_t i = 0; i < indices.size(); ++i) {
        const auto planes = npusim::normalize_image(dataset.image(indices[i]), shape, rgb);
        for (std::size_t c = 0; c < 3; ++c) {
            for (std::size_t p = 0; p < 20; ++p) CHECK(values[i * 60 + p * 3 + c] == planes[c * 20 + p]);
        }
    }
}

TEST_CASE("An augmented batch normalizes the moved images whatever the batch's order") {
    const TensorShape shape{3, 32, 32};
    const Dataset dataset = random_dataset(shape, 9);
    const ImageNormalizer normalizer(rgb);
    const Augmentation augmentation;
    const std::vector<std::int64_t> order{4, 8, 0, 2};
    const auto elements = static_cast<std::size_t>(shape.elements());
    std::vector<float> batch(order.size() * elements);
    npusim::write_augmented_batch(dataset, order, normalizer, augmentation, 7, 3, batch);
    for (std::size_t i = 0; i < order.size(); ++i) {
        std::vector<std::uint8_t> moved(elements);
        npusim::move_image(dataset.image(order[i]), shape, 4, npusim::random_move(augmentation, 7, 3, order[i]), moved);
        std::vector<float> alone(elements);
        normalizer.write_nhwc(moved, shape, alone);
        CHECK(std::equal(alone.begin(), alone.end(), batch.begin() + static_cast<std::ptrdiff_t>(i * elements)));
    }
}

TEST_CASE("Grey images are normalized like coloured ones") {
    const Dataset dataset = random_dataset({1, 6, 7}, 2);
    const npusim::Normalization grey{{0.1307}, {0.3081}};
    std::vector<float> values(42);
    npusim::write_batch(dataset, std::vector<std::int64_t>{1}, ImageNormalizer(grey), values);
    CHECK(values == npusim::normalize_image(dataset.image(1), {1, 6, 7}, grey));
}

TEST_CASE("A batch that does not fit its values or its data set is a mistake of the caller") {
    const Dataset dataset = random_dataset({3, 2, 2}, 2);
    const ImageNormalizer normalizer(rgb);
    std::vector<float> values(12);
    const auto write = [&](const std::vector<std::int64_t>& indices) {
        npusim::write_batch(dataset, indices, normalizer, values);
    };
    CHECK_THROWS_AS(write({0, 1}), std::invalid_argument);
    CHECK_THROWS_AS(write({2}), std::out_of_range);
    CHECK_THROWS_AS(write({-1}), std::out_of_range);
    CHECK_THROWS_AS(npusim::write_batch(dataset, std::vector<std::int64_t>{0}, ImageNormalizer({{0.5}, {0.5}}), values),
                    std::invalid_argument);
    CHECK_THROWS_AS(ImageNormalizer({{0.5}, {}}), std::invalid_argument);
    std::vector<std::uint8_t> moved(11);
    CHECK_THROWS_AS(npusim::move_image(dataset.image(0), dataset.image_shape, 4, {}, moved), std::invalid_argument);
}
