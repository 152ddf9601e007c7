#include <algorithm>
#include <array>
#include <cmath>

#include "npusim/workloads/datasets/counter_random.h"
#include "npusim/workloads/datasets/resize_image.h"
#include "random_purpose.h"

namespace npusim {
namespace {

constexpr double least_area = 0.08;
constexpr double least_ratio = 3.0 / 4.0;
constexpr double most_ratio = 4.0 / 3.0;
constexpr int most_tries = 10;

double uniform(CounterRandom& random, double low, double high) {
    constexpr double unit = 0x1p-53;
    return low + (high - low) * static_cast<double>(random.bits() >> 11U) * unit;
}

std::int64_t rounded(double value) {
    return static_cast<std::int64_t>(std::nearbyint(value));
}

/// As much of the middle as the ratios allow.
PixelBox middle_box(std::int64_t width, std::int64_t height) {
    const double ratio = static_cast<double>(width) / static_cast<double>(height);
    PixelBox box{0, 0, width, height};
    if (ratio < least_ratio) box.height = std::min(height, rounded(static_cast<double>(width) / least_ratio));
    if (ratio > most_ratio) box.width = std::min(width, rounded(static_cast<double>(height) * most_ratio));
    box.left = (width - box.width) / 2;
    box.top = (height - box.height) / 2;
    return box;
}

PixelBox random_box(std::int64_t width, std::int64_t height, CounterRandom& random) {
    const auto area = static_cast<double>(width * height);
    for (int tries = 0; tries < most_tries; ++tries) {
        const double wanted = area * uniform(random, least_area, 1.0);
        // Uniform in the logarithm, so that wide and high boxes are equally likely.
        const double ratio = std::exp(uniform(random, std::log(least_ratio), std::log(most_ratio)));
        PixelBox box{0, 0, rounded(std::sqrt(wanted * ratio)), rounded(std::sqrt(wanted / ratio))};
        if (box.width < 1 || box.height < 1 || box.width > width || box.height > height) continue;
        box.top = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(height - box.height + 1)));
        box.left = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(width - box.width + 1)));
        return box;
    }
    return middle_box(width, height);
}

}  // namespace

RandomCrop random_crop(std::int64_t width, std::int64_t height, std::uint64_t seed, std::uint64_t epoch,
                       std::int64_t image) {
    CounterRandom random{key_of(RandomPurpose::resized_crop), seed, epoch, static_cast<std::uint64_t>(image)};
    const bool mirrored = random.below(2) == 1;
    return {random_box(width, height, random), mirrored};
}

RgbImage apply_crop(const RgbImage& image, const RandomCrop& crop, std::int64_t size_px) {
    RgbImage result = resize_bilinear(crop_image(image, crop.box), size_px, size_px);
    if (!crop.mirrored) return result;
    using Pixel = std::array<std::uint8_t, 3>;
    const auto pixel = [&](std::int64_t y, std::int64_t x) {
        return result.pixels.begin() + (y * size_px + x) * std::ssize(Pixel{});
    };
    for (std::int64_t y = 0; y < size_px; ++y) {
        for (std::int64_t x = 0; x < size_px / 2; ++x) {
            std::swap_ranges(pixel(y, x), pixel(y, x) + std::ssize(Pixel{}), pixel(y, size_px - 1 - x));
        }
    }
    return result;
}

}  // namespace npusim
