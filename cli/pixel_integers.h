// Images of a data set as the integers that a network takes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "npusim/models/quantization/quantized_network.h"
#include "npusim/workloads/datasets/dataset.h"

namespace npusim::cli {

/// What quantize_image makes of a normalized image, looked up: the integer depends on the pixel's byte and its channel.
/// `dataset` must outlive it. Thread-safe.
class PixelIntegers {
public:
    PixelIntegers(const QuantizedNetwork& network, const Dataset& dataset);

    /// Image `index` in (C, H, W).
    void write(std::int64_t index, std::span<std::int32_t> image) const;
    [[nodiscard]] std::vector<std::int32_t> image(std::int64_t index) const;

private:
    const Dataset& dataset_;
    std::vector<std::int32_t> integers_;  ///< [channel][byte]
};

}  // namespace npusim::cli
