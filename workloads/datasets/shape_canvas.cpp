#include "shape_canvas.h"

#include <algorithm>

namespace npusim::shapes {
namespace {

/// Random heights at a grid of 8 pixels, bilinear between.
std::array<int, kPixels> random_blotches(CounterRandom& random, int amplitude) {
    constexpr int cell = 8;
    constexpr std::size_t nodes = kExtent / cell + 1;
    std::array<int, nodes * nodes> heights{};
    for (int& height : heights) height = random.between(-amplitude, amplitude);
    std::array<int, kPixels> blotches{};
    for (std::size_t i = 0; i < kPixels; ++i) {
        const std::size_t corner = i / kExtent / cell * nodes + i % kExtent / cell;
        const int right = static_cast<int>(i % cell);
        const int down = static_cast<int>(i / kExtent % cell);
        const int upper = heights[corner] * (cell - right) + heights[corner + 1] * right;
        const int lower = heights[corner + nodes] * (cell - right) + heights[corner + nodes + 1] * right;
        blotches[i] = (upper * (cell - down) + lower * down) / (cell * cell);
    }
    return blotches;
}

int blended(int below, int above, int coverage) {
    return below + (above - below) * coverage / kFullCoverage;
}

}  // namespace

Colour random_colour(CounterRandom& random, int low, int high) {
    Colour colour{};
    for (int& value : colour) value = random.between(low, high);
    return colour;
}

Colour lighter_colour(CounterRandom& random, const Colour& darker, int least, int most) {
    Colour colour = darker;
    const std::size_t strong = random.below(kChannels);
    for (std::size_t c = 0; c < kChannels; ++c) colour[c] += random.between(c == strong ? least : 0, most);
    return colour;
}

Canvas textured_canvas(CounterRandom& random, const Colour& colour, int slope, int amplitude) {
    const int slope_x = random.between(-slope, slope);
    const int slope_y = random.between(-slope, slope);
    const std::array<int, kPixels> blotches = random_blotches(random, amplitude);
    Canvas canvas{};
    for (std::size_t i = 0; i < kPixels; ++i) {
        const int x = static_cast<int>(i % kExtent) - kExtent / 2;
        const int y = static_cast<int>(i / kExtent) - kExtent / 2;
        const int shade = (slope_x * x + slope_y * y) / kExtent + blotches[i];
        for (std::size_t c = 0; c < kChannels; ++c) canvas[c][i] = colour[c] + shade;
    }
    return canvas;
}

void blend(Canvas& canvas, const Coverage& coverage, const Canvas& above) {
    for (std::size_t c = 0; c < kChannels; ++c) {
        for (std::size_t i = 0; i < kPixels; ++i) canvas[c][i] = blended(canvas[c][i], above[c][i], coverage[i]);
    }
}

void blend(Canvas& canvas, const Coverage& coverage, const Colour& above) {
    for (std::size_t c = 0; c < kChannels; ++c) {
        for (std::size_t i = 0; i < kPixels; ++i) canvas[c][i] = blended(canvas[c][i], above[c], coverage[i]);
    }
}

void store_with_noise(CounterRandom& random, const Canvas& canvas, int amplitude, std::vector<std::uint8_t>& pixels) {
    for (const auto& values : canvas) {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < kPixels; ++i) {
            bits = i % 4 == 0 ? random.bits() : bits >> 16U;
            // The sum of two uniform bytes, about 0.
            const int noise = static_cast<int>(bits & 0xffU) + static_cast<int>((bits >> 8U) & 0xffU) - 255;
            pixels.push_back(static_cast<std::uint8_t>(std::clamp(values[i] + noise * amplitude / 255, 0, 255)));
        }
    }
}

}  // namespace npusim::shapes
