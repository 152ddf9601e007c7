// Images at the size that a network takes: torchvision's evaluation and training transforms of PIL images.
#pragma once

#include "npusim/workloads/datasets/decode_image.h"

namespace npusim {

/// A rectangle of pixels.
struct PixelBox {
    std::int64_t left = 0;
    std::int64_t top = 0;
    std::int64_t width = 0;
    std::int64_t height = 0;
    friend bool operator==(const PixelBox&, const PixelBox&) = default;
};

/// The pixels of a box that lies inside the image; otherwise std::out_of_range.
[[nodiscard]] RgbImage crop_image(const RgbImage& image, const PixelBox& box);

/// Pillow's resize(..., BILINEAR) to the byte: a triangle as wide as the scale where it shrinks, weights of 22 fraction
/// bits, first along the rows, then along the columns, bytes in between. Throws std::invalid_argument for an empty
/// size.
[[nodiscard]] RgbImage resize_bilinear(const RgbImage& image, std::int64_t width, std::int64_t height);

/// Resize(resize_px) and CenterCrop(crop_px): the short side becomes resize_px, then the middle is cut out.
/// 1 <= crop_px <= resize_px, or std::invalid_argument.
[[nodiscard]] RgbImage resize_and_crop(const RgbImage& image, std::int64_t resize_px, std::int64_t crop_px);

/// RandomResizedCrop and RandomHorizontalFlip: 8 % to 100 % of the area at a ratio of 3/4 to 4/3, the middle when ten
/// tries do not fit. The box and the flip follow from the arguments alone.
struct RandomCrop {
    PixelBox box;
    bool mirrored = false;
};
[[nodiscard]] RandomCrop random_crop(std::int64_t width, std::int64_t height, std::uint64_t seed, std::uint64_t epoch,
                                     std::int64_t image);
/// The box at size_px x size_px, mirrored where the crop says so.
[[nodiscard]] RgbImage apply_crop(const RgbImage& image, const RandomCrop& crop, std::int64_t size_px);

}  // namespace npusim
