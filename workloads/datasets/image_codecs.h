// The decoders behind decode_image.
#pragma once

#include "npusim/workloads/datasets/decode_image.h"

namespace npusim {

[[nodiscard]] RgbImage decode_jpeg(std::span<const std::byte> content, const std::string& name);
[[nodiscard]] RgbImage decode_png(std::span<const std::byte> content, const std::string& name);

/// An image of this size with room for its pixels. Throws InputError for an empty or too large one.
[[nodiscard]] RgbImage sized_image(std::int64_t width, std::int64_t height, const std::string& name,
                                   const std::string& format);

}  // namespace npusim
