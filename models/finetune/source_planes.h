// One image of a source as the fp32 executor takes it.
#pragma once

#include "npusim/workloads/datasets/batch_source.h"

namespace npusim {

/// As evaluation shows it, (C, H, W).
[[nodiscard]] inline std::vector<float> source_planes(const BatchSource& source, std::int64_t index) {
    const TensorShape shape = source.image_shape();
    std::vector<float> pixels(static_cast<std::size_t>(shape.elements()));
    source.write_batch(std::span(&index, 1), {}, pixels);
    std::vector<float> planes(pixels.size());
    const std::int64_t area = shape.height * shape.width;
    for (std::int64_t pixel = 0; pixel < area; ++pixel) {
        for (std::int64_t c = 0; c < shape.channels; ++c) {
            planes[static_cast<std::size_t>(c * area + pixel)] =
                pixels[static_cast<std::size_t>(pixel * shape.channels + c)];
        }
    }
    return planes;
}

}  // namespace npusim
