#include <stdexcept>

#include "npusim/workloads/datasets/dataset.h"

namespace npusim {

// torchvision's ToTensor and Normalize divide by 255, subtract and divide in fp32, one rounding each; the order is
// kept so that the values are equal to the bit.
std::vector<float> normalize_image(std::span<const std::uint8_t> image, const TensorShape& shape,
                                   const Normalization& normalization) {
    const auto& [mean, stddev, divisor, bgr] = normalization;
    if (shape.channels != std::ssize(mean) || mean.size() != stddev.size() || std::ssize(image) != shape.elements()) {
        throw std::invalid_argument("normalize_image: " + std::to_string(image.size()) + " pixels of " +
                                    std::to_string(shape.channels) + " channels");
    }
    const std::size_t plane = image.size() / mean.size();
    const auto scale = static_cast<float>(divisor);
    std::vector<float> values(image.size());
    for (std::size_t channel = 0; channel < mean.size(); ++channel) {
        const auto channel_mean = static_cast<float>(mean[channel]);
        const auto channel_stddev = static_cast<float>(stddev[channel]);
        const std::uint8_t* from = image.data() + (bgr ? mean.size() - 1 - channel : channel) * plane;
        float* to = values.data() + channel * plane;
        for (std::size_t i = 0; i < plane; ++i) {
            const float scaled = static_cast<float>(from[i]) / scale;
            to[i] = (scaled - channel_mean) / channel_stddev;
        }
    }
    return values;
}

std::vector<float> normalize_image(std::span<const std::uint8_t> image, const TensorShape& shape,
                                   const std::array<double, 3>& mean, const std::array<double, 3>& stddev) {
    return normalize_image(image, shape, {{mean.begin(), mean.end()}, {stddev.begin(), stddev.end()}});
}

}  // namespace npusim
