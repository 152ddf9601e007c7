#include "npusim/workloads/datasets/resize_image.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace npusim {
namespace {

constexpr int fraction_bits = 22;
constexpr std::int64_t channels = 3;

/// The source pixels that one pixel of the result is made of.
struct Taps {
    std::int64_t first = 0;
    std::vector<std::int32_t> weights;  ///< in 2^-fraction_bits
};

std::int64_t whole(double value) {
    return static_cast<std::int64_t>(std::floor(value));
}

Taps taps_around(double centre, double filter_scale, std::int64_t from) {
    const auto begin = std::max(std::int64_t{0}, whole(centre - filter_scale + 0.5));
    const auto end = std::min(from, whole(centre + filter_scale + 0.5));
    std::vector<double> shares;
    double sum = 0;
    for (std::int64_t x = begin; x < end; ++x) {
        const double distance = std::abs((static_cast<double>(x) - centre + 0.5) * (1.0 / filter_scale));
        shares.push_back(distance < 1.0 ? 1.0 - distance : 0.0);
        sum += shares.back();
    }
    Taps taps{begin, {}};
    for (double share : shares) {
        if (sum != 0) share /= sum;
        taps.weights.push_back(static_cast<std::int32_t>(whole(0.5 + share * (1 << fraction_bits))));
    }
    return taps;
}

std::vector<Taps> triangle_taps(std::int64_t from, std::int64_t to) {
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    std::vector<Taps> taps;
    for (std::int64_t x = 0; x < to; ++x) {
        taps.push_back(taps_around((static_cast<double>(x) + 0.5) * scale, std::max(scale, 1.0), from));
    }
    return taps;
}

/// Adds source · weight to the sums, element by element.
void accumulate(const std::uint8_t* source, std::int32_t weight, std::span<std::int32_t> sums) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += source[i] * weight;
}

void write_bytes(std::span<const std::int32_t> sums, std::uint8_t* to) {
    for (const std::int32_t sum : sums) *to++ = static_cast<std::uint8_t>(std::clamp(sum >> fraction_bits, 0, 255));
}

constexpr std::int32_t half = 1 << (fraction_bits - 1);

RgbImage resize_width(const RgbImage& image, std::int64_t width) {
    RgbImage resized{width, image.height, std::vector<std::uint8_t>(std::size_t(channels * width * image.height))};
    const std::vector<Taps> taps = triangle_taps(image.width, width);
    std::vector<std::int32_t> sums(channels);
    std::uint8_t* to = resized.pixels.data();
    for (std::int64_t y = 0; y < image.height; ++y) {
        const std::uint8_t* row = image.pixels.data() + y * image.width * channels;
        for (const Taps& tap : taps) {
            std::fill(sums.begin(), sums.end(), half);
            const std::uint8_t* source = row + tap.first * channels;
            for (const std::int32_t weight : tap.weights) {
                accumulate(source, weight, sums);
                source += channels;
            }
            write_bytes(sums, to);
            to += channels;
        }
    }
    return resized;
}

RgbImage resize_height(const RgbImage& image, std::int64_t height) {
    const std::int64_t line = channels * image.width;
    RgbImage resized{image.width, height, std::vector<std::uint8_t>(std::size_t(line * height))};
    std::vector<std::int32_t> sums(static_cast<std::size_t>(line));
    std::uint8_t* to = resized.pixels.data();
    for (const Taps& tap : triangle_taps(image.height, height)) {
        std::fill(sums.begin(), sums.end(), half);
        const std::uint8_t* source = image.pixels.data() + tap.first * line;
        for (const std::int32_t weight : tap.weights) {
            accumulate(source, weight, sums);
            source += line;
        }
        write_bytes(sums, to);
        to += line;
    }
    return resized;
}

}  // namespace

RgbImage crop_image(const RgbImage& image, const PixelBox& box) {
    if (box.left < 0 || box.top < 0 || box.width < 1 || box.height < 1 || box.width > image.width - box.left ||
        box.height > image.height - box.top) {
        throw std::out_of_range("crop_image: " + std::to_string(box.width) + "x" + std::to_string(box.height) + " at " +
                                std::to_string(box.left) + ", " + std::to_string(box.top) + " of " +
                                std::to_string(image.width) + "x" + std::to_string(image.height));
    }
    RgbImage cropped{box.width, box.height, {}};
    cropped.pixels.reserve(static_cast<std::size_t>(channels * box.width * box.height));
    for (std::int64_t y = box.top; y < box.top + box.height; ++y) {
        const auto row = image.pixels.begin() + (y * image.width + box.left) * channels;
        cropped.pixels.insert(cropped.pixels.end(), row, row + box.width * channels);
    }
    return cropped;
}

RgbImage resize_bilinear(const RgbImage& image, std::int64_t width, std::int64_t height) {
    if (width < 1 || height < 1 || image.pixels.empty()) throw std::invalid_argument("resize_bilinear: an empty image");
    // A pass that keeps the extent would keep every byte.
    if (width != image.width && height != image.height) return resize_height(resize_width(image, width), height);
    if (width != image.width) return resize_width(image, width);
    return height != image.height ? resize_height(image, height) : image;
}

RgbImage resize_and_crop(const RgbImage& image, std::int64_t resize_px, std::int64_t crop_px) {
    if (crop_px < 1 || crop_px > resize_px) throw std::invalid_argument("resize_and_crop: the crop does not fit");
    const std::int64_t short_side = std::min(image.width, image.height);
    const RgbImage resized =
        resize_bilinear(image, resize_px * image.width / short_side, resize_px * image.height / short_side);
    // torchvision rounds halves to even here.
    const auto middle = [&](std::int64_t extent) {
        return static_cast<std::int64_t>(std::nearbyint(static_cast<double>(extent - crop_px) / 2.0));
    };
    return crop_image(resized, {middle(resized.width), middle(resized.height), crop_px, crop_px});
}

}  // namespace npusim
