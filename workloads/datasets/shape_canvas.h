// What a drawn image is made of besides shapes: colours, textures, blending and noise.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "npusim/workloads/datasets/counter_random.h"
#include "shape_raster.h"

namespace npusim::shapes {

inline constexpr std::size_t kPixels = std::size_t{kExtent} * kExtent;
inline constexpr std::size_t kChannels = 3;

using Colour = std::array<int, kChannels>;
/// Channel planes; values may leave 0..255 until they are stored.
using Canvas = std::array<std::array<int, kPixels>, kChannels>;

[[nodiscard]] Colour random_colour(CounterRandom& random, int low, int high);

/// `darker`, lifted by 0..`most` in each channel and by `least` or more in one at least.
[[nodiscard]] Colour lighter_colour(CounterRandom& random, const Colour& darker, int least, int most);

/// A colour with a slope of up to `slope` across the image and blotches of up to `amplitude`, up or down, alike in all
/// channels.
[[nodiscard]] Canvas textured_canvas(CounterRandom& random, const Colour& colour, int slope, int amplitude);

void blend(Canvas& canvas, const Coverage& coverage, const Canvas& above);
void blend(Canvas& canvas, const Coverage& coverage, const Colour& above);

/// Appends the canvas as bytes, with triangular noise of up to `amplitude` up or down on each.
void store_with_noise(CounterRandom& random, const Canvas& canvas, int amplitude, std::vector<std::uint8_t>& pixels);

}  // namespace npusim::shapes
