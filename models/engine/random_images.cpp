#include <algorithm>
#include <cmath>
#include <vector>

#include "npusim/models/engine/float_executor.h"
#include "random_source.h"

namespace npusim {

namespace {

/// A plane wave over the image; photographs have most of their power in waves as long as themselves.
struct Wave {
    double across = 0;  ///< radians per image width
    double down = 0;
    double phase = 0;
    double gain[3] = {};  ///< of channel c modulo 3; the colours of a photograph go together
};

constexpr int kWaves = 6;
constexpr double kNoise = 0.1;

std::vector<Wave> draw_waves(RandomSource& random) {
    std::vector<Wave> waves(kWaves);
    for (Wave& wave : waves) {
        wave.across = 2 * std::numbers::pi * random.uniform(-3, 3);
        wave.down = 2 * std::numbers::pi * random.uniform(-3, 3);
        wave.phase = random.uniform(0, 2 * std::numbers::pi);
        const double common = random.normal();
        for (double& gain : wave.gain) gain = common + 0.5 * random.normal();
    }
    return waves;
}

void standardize(std::vector<float>& values) {
    double sum = 0;
    double squares = 0;
    for (const double value : values) {
        sum += value;
        squares += value * value;
    }
    const auto count = static_cast<double>(values.size());
    const double mean = sum / count;
    const double deviation = std::sqrt(std::max(squares / count - mean * mean, 1e-6));
    for (float& value : values) value = static_cast<float>((value - mean) / deviation);
}

std::vector<float> draw_image(const TensorShape& shape, RandomSource& random) {
    const std::vector<Wave> waves = draw_waves(random);
    std::vector<float> image(static_cast<std::size_t>(shape.elements()));
    auto pixel = image.begin();
    for (std::int64_t c = 0; c < shape.channels; ++c) {
        for (std::int64_t y = 0; y < shape.height; ++y) {
            for (std::int64_t x = 0; x < shape.width; ++x, ++pixel) {
                double value = kNoise * random.normal();
                for (const Wave& wave : waves) {
                    const double at = wave.across * static_cast<double>(x) / static_cast<double>(shape.width) +
                                      wave.down * static_cast<double>(y) / static_cast<double>(shape.height);
                    value += wave.gain[c % 3] * std::cos(at + wave.phase);
                }
                *pixel = static_cast<float>(value);
            }
        }
    }
    standardize(image);
    return image;
}

}  // namespace

std::vector<std::vector<float>> random_images(const TensorShape& shape, std::int64_t count, std::uint64_t seed) {
    RandomSource random(seed);
    std::vector<std::vector<float>> images;
    for (std::int64_t i = 0; i < count; ++i) images.push_back(draw_image(shape, random));
    return images;
}

}  // namespace npusim
