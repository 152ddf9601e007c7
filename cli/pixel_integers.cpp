#include "cli/pixel_integers.h"

#include "npusim/models/engine/integer_engine.h"

namespace npusim::cli {
namespace {

constexpr std::size_t kBytes = 256;

}  // namespace

PixelIntegers::PixelIntegers(const QuantizedNetwork& network, const Dataset& dataset) : dataset_(dataset) {
    // An image with every byte in every channel.
    const TensorShape shape{dataset.image_shape.channels, 1, kBytes};
    std::vector<std::uint8_t> pixels;
    pixels.reserve(static_cast<std::size_t>(shape.elements()));
    for (std::int64_t channel = 0; channel < shape.channels; ++channel) {
        for (std::size_t byte = 0; byte < kBytes; ++byte) pixels.push_back(static_cast<std::uint8_t>(byte));
    }
    integers_ = quantize_image(network, normalize_image(pixels, shape, dataset.normalization));
}

void PixelIntegers::write(std::int64_t index, std::span<std::int32_t> image) const {
    const std::span<const std::uint8_t> pixels = dataset_.image(index);
    const auto channels = static_cast<std::size_t>(dataset_.image_shape.channels);
    const std::size_t plane = pixels.size() / channels;
    for (std::size_t channel = 0; channel < channels; ++channel) {
        const std::int32_t* integer_of = integers_.data() + channel * kBytes;
        const std::size_t taken = dataset_.normalization.bgr ? channels - 1 - channel : channel;
        for (std::size_t i = 0; i < plane; ++i) image[channel * plane + i] = integer_of[pixels[taken * plane + i]];
    }
}

std::vector<std::int32_t> PixelIntegers::image(std::int64_t index) const {
    std::vector<std::int32_t> integers(static_cast<std::size_t>(dataset_.image_shape.elements()));
    write(index, integers);
    return integers;
}

}  // namespace npusim::cli
