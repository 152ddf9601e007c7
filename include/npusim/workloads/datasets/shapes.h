// A data set of ten shapes that is drawn and not downloaded.
#pragma once

#include <cstdint>

#include "npusim/workloads/datasets/dataset.h"

namespace npusim {

inline constexpr std::uint64_t kShapesSeed = 1;             ///< of the name "shapes"
inline constexpr std::int64_t kShapesTrainImages = 10'000;  ///< what a training run takes unless told otherwise
inline constexpr std::int64_t kShapesTestImages = 2'000;
inline constexpr std::int64_t kShapesMostImages = 1'000'000;

/// RGB images of 32×32: image i shows a shape of class i % 10 (disc, ring, square, frame, triangle, cross, bars,
/// crescent, star, checker) at a random place, size, angle and aspect, in random colours, on a textured background,
/// with strokes below and above it, under noise. Colours do not depend on the class. Drawn with integers only, so the
/// bytes are equal on every processor. Image i of a seed does not depend on `count`. The test images come of random
/// streams that no training image of the same seed uses. Throws InputError unless 1 <= count <= kShapesMostImages.
[[nodiscard]] Dataset make_shapes_train(std::int64_t count, std::uint64_t seed);
[[nodiscard]] Dataset make_shapes_test(std::int64_t count, std::uint64_t seed);

}  // namespace npusim
