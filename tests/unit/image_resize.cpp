#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "npusim/workloads/datasets/resize_image.h"
#include "support/image_files.h"

using npusim::PixelBox;
using npusim::RandomCrop;
using npusim::RgbImage;
using npusim::test::random_samples;

namespace {

RgbImage noise(std::mt19937& random, std::int64_t width, std::int64_t height) {
    return {width, height, random_samples(random, 3 * width * height)};
}

/// The triangle's weight of source pixel `from` in pixel `to`, in real numbers and not yet normalized.
double triangle(std::int64_t from, std::int64_t to, double scale) {
    const double width = std::max(scale, 1.0);
    const double centre = (static_cast<double>(to) + 0.5) * scale;
    return std::max(0.0, 1.0 - std::abs(static_cast<double>(from) + 0.5 - centre) / width);
}

/// One value of the resized image, straight from the definition.
double resized_value(const RgbImage& image, std::int64_t width, std::int64_t height, std::int64_t x, std::int64_t y,
                     std::int64_t c) {
    const double scale_x = static_cast<double>(image.width) / static_cast<double>(width);
    const double scale_y = static_cast<double>(image.height) / static_cast<double>(height);
    double sum = 0;
    double weights = 0;
    for (std::int64_t row = 0; row < image.height; ++row) {
        const double weight_y = triangle(row, y, scale_y);
        for (std::int64_t column = 0; weight_y > 0 && column < image.width; ++column) {
            const double weight = weight_y * triangle(column, x, scale_x);
            sum += weight * image.pixels[static_cast<std::size_t>(3 * (row * image.width + column) + c)];
            weights += weight;
        }
    }
    return sum / weights;
}

RgbImage mirrored(const RgbImage& image) {
    RgbImage result = image;
    for (std::int64_t i = 0; i < image.width * image.height; ++i) {
        const std::int64_t source = i / image.width * image.width + image.width - 1 - i % image.width;
        for (std::int64_t c = 0; c < 3; ++c) {
            result.pixels[static_cast<std::size_t>(3 * i + c)] = image.pixels[static_cast<std::size_t>(3 * source + c)];
        }
    }
    return result;
}

}  // namespace

TEST_CASE("A resized pixel is the triangle's average, up to the rounding to bytes between the passes") {
    std::mt19937 random(1);
    for (int round = 0; round < 60; ++round) {
        const auto draw = [&] { return 1 + static_cast<std::int64_t>(random() % 24); };
        const RgbImage image = noise(random, draw(), draw());
        const std::int64_t width = draw();
        const std::int64_t height = draw();
        const RgbImage resized = npusim::resize_bilinear(image, width, height);
        REQUIRE(resized.width == width);
        REQUIRE(resized.height == height);
        REQUIRE(std::ssize(resized.pixels) == 3 * width * height);
        double worst = 0;
        for (std::int64_t i = 0; i < std::ssize(resized.pixels); ++i) {
            const double exact = resized_value(image, width, height, i / 3 % width, i / 3 / width, i % 3);
            worst = std::max(worst, std::abs(exact - resized.pixels[static_cast<std::size_t>(i)]));
        }
        CAPTURE(image.width, image.height, width, height);
        CHECK(worst < 1.001);
    }
}

TEST_CASE("One colour stays, the same size changes nothing, and an empty size is refused") {
    std::mt19937 random(2);
    const RgbImage image = noise(random, 17, 12);
    CHECK(npusim::resize_bilinear(image, 17, 12) == image);
    const RgbImage white{5, 9, std::vector<std::uint8_t>(135, 255)};
    const RgbImage larger = npusim::resize_bilinear(white, 64, 3);
    CHECK(larger.pixels == std::vector<std::uint8_t>(3 * 64 * 3, 255));
    CHECK_THROWS_AS(npusim::resize_bilinear(image, 0, 5), std::invalid_argument);
    CHECK_THROWS_AS(npusim::resize_bilinear({}, 4, 4), std::invalid_argument);
}

TEST_CASE("The short side gets the size, and the crop is the middle with halves rounded to even") {
    struct Case {
        std::int64_t width, height, resize, crop, resized_width, resized_height, left, top;
    };
    // torchvision: int(resize * long / short), int(round((extent - crop) / 2)) with Python's round.
    for (const Case& c :
         {Case{500, 375, 256, 224, 341, 256, 58, 16}, Case{375, 500, 256, 224, 256, 341, 16, 58},
          Case{100, 100, 32, 32, 32, 32, 0, 0}, Case{33, 40, 64, 61, 64, 77, 2, 8}, Case{9, 8, 7, 4, 7, 7, 2, 2}}) {
        std::mt19937 random(3);
        const RgbImage image = noise(random, c.width, c.height);
        const RgbImage resized = npusim::resize_bilinear(image, c.resized_width, c.resized_height);
        CAPTURE(c.width, c.height);
        CHECK(npusim::resize_and_crop(image, c.resize, c.crop) ==
              npusim::crop_image(resized, {c.left, c.top, c.crop, c.crop}));
    }
    std::mt19937 random(4);
    CHECK_THROWS_AS(npusim::resize_and_crop(noise(random, 9, 9), 8, 9), std::invalid_argument);
}

TEST_CASE("A crop holds the pixels of its box, and a box that leaves the image is refused") {
    std::mt19937 random(5);
    const RgbImage image = noise(random, 13, 9);
    const RgbImage crop = npusim::crop_image(image, {4, 2, 6, 5});
    for (std::size_t y = 0; y < 5; ++y) {
        for (std::size_t i = 0; i < 18; ++i) {
            REQUIRE(crop.pixels[y * 18 + i] == image.pixels[(y + 2) * 39 + 12 + i]);
        }
    }
    CHECK(npusim::crop_image(image, {0, 0, 13, 9}) == image);
    for (const PixelBox& box : {PixelBox{-1, 0, 3, 3}, {0, 7, 3, 3}, {11, 0, 3, 3}, {0, 0, 0, 3}}) {
        CHECK_THROWS_AS(npusim::crop_image(image, box), std::out_of_range);
    }
}

TEST_CASE("Random crops lie inside, keep to area and ratio, and come from everywhere") {
    constexpr std::int64_t width = 400;
    constexpr std::int64_t height = 300;
    std::array<int, 4> quarters{};
    int mirrored_crops = 0;
    double mean_area = 0;
    constexpr int draws = 4000;
    for (std::int64_t image = 0; image < draws; ++image) {
        const RandomCrop crop = npusim::random_crop(width, height, 7, 1, image);
        const PixelBox& box = crop.box;
        REQUIRE(box.left >= 0);
        REQUIRE(box.top >= 0);
        REQUIRE(box.left + box.width <= width);
        REQUIRE(box.top + box.height <= height);
        const double area = static_cast<double>(box.width * box.height) / (width * height);
        const double ratio = static_cast<double>(box.width) / static_cast<double>(box.height);
        REQUIRE((area > 0.078 && area <= 1.0));
        REQUIRE((ratio > 0.74 && ratio < 1.35));
        mean_area += area / draws;
        mirrored_crops += crop.mirrored ? 1 : 0;
        const bool right = 2 * box.left + box.width > width;
        const bool low = 2 * box.top + box.height > height;
        ++quarters[(right ? 1U : 0U) + (low ? 2U : 0U)];
    }
    CHECK(std::abs(mirrored_crops - draws / 2) < 130);  // four deviations
    for (const int count : quarters) CHECK(count > draws / 5);
    // Areas above 0.5625 fit with a chance of -ln(area) / (2 ln(4/3)) only: the mean is 0.432, its deviation 0.004.
    CHECK(std::abs(mean_area - 0.432) < 0.015);
}

TEST_CASE("A random crop follows from its arguments, and each of them matters") {
    const auto box = [](std::uint64_t seed, std::uint64_t epoch, std::int64_t image) {
        return npusim::random_crop(500, 400, seed, epoch, image).box;
    };
    CHECK(box(1, 2, 3) == box(1, 2, 3));
    CHECK_FALSE(box(1, 2, 3) == box(2, 2, 3));
    CHECK_FALSE(box(1, 2, 3) == box(1, 3, 3));
    CHECK_FALSE(box(1, 2, 3) == box(1, 2, 4));
}

TEST_CASE("Where no crop fits, the middle is taken at the nearest ratio") {
    CHECK(npusim::random_crop(1000, 10, 1, 1, 1).box == PixelBox{493, 0, 13, 10});
    CHECK(npusim::random_crop(10, 1000, 1, 1, 1).box == PixelBox{0, 493, 10, 13});
    CHECK(npusim::random_crop(1, 1, 1, 1, 1).box == PixelBox{0, 0, 1, 1});
}

TEST_CASE("An applied crop is its box resized, and mirrored where it says so") {
    std::mt19937 random(6);
    const RgbImage image = noise(random, 40, 30);
    const PixelBox box{3, 4, 30, 20};
    const RgbImage plain = npusim::apply_crop(image, {box, false}, 15);
    CHECK(plain == npusim::resize_bilinear(npusim::crop_image(image, box), 15, 15));
    CHECK(npusim::apply_crop(image, {box, true}, 15) == mirrored(plain));
    CHECK(npusim::apply_crop(image, {box, true}, 16) == mirrored(npusim::apply_crop(image, {box, false}, 16)));
}
