#include "conv_codes.h"

#include <bit>
#include <cmath>
#include <vector>

#include "channel_loops.h"

namespace npusim {

namespace {

Bfloat16 nearest_bfloat16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    constexpr std::uint32_t below_half = 0x7FFF;
    return static_cast<Bfloat16>((bits + below_half + ((bits >> 16) & 1U)) >> 16);
}

/// A whole number of at most 8 bits has nothing in the lower half.
Bfloat16 whole_bfloat16(float value) {
    return static_cast<Bfloat16>(std::bit_cast<std::uint32_t>(value) >> 16);
}

float float_of(Bfloat16 value) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}

/// value / step where that is whole: rounding takes the product's error away.
std::int32_t integer_of(float value, float reciprocal) {
    return static_cast<std::int32_t>(std::nearbyint(value * reciprocal));
}

std::vector<float> reciprocals_of(std::int64_t channels, const double* steps) {
    std::vector<float> reciprocals;
    for (std::int64_t c = 0; c < channels; ++c) reciprocals.push_back(static_cast<float>(1.0 / steps[c]));
    return reciprocals;
}

}  // namespace

void integer_codes(std::int64_t elements, double step, const float* in, std::uint8_t* codes) {
    const auto reciprocal = static_cast<float>(1.0 / step);
    for (std::int64_t i = 0; i < elements; ++i) codes[i] = static_cast<std::uint8_t>(integer_of(in[i], reciprocal));
}

void widen_signed_codes(std::int64_t elements, const std::uint8_t* codes, Bfloat16* integers) {
    for (std::int64_t i = 0; i < elements; ++i) {
        integers[i] = whole_bfloat16(static_cast<float>(static_cast<std::int8_t>(codes[i])));
    }
}

void widen_unsigned_codes(std::int64_t elements, const std::uint8_t* codes, Bfloat16* integers) {
    for (std::int64_t i = 0; i < elements; ++i) integers[i] = whole_bfloat16(static_cast<float>(codes[i]));
}

void weight_codes(std::int64_t rows, std::int64_t channels, const double* steps, const float* weights,
                  std::int8_t* codes) {
    const std::vector<float> reciprocals = reciprocals_of(channels, steps);
    for (std::int64_t row = 0; row < rows; ++row) {
        const float* from = weights + row * channels;
        std::int8_t* to = codes + row * channels;
        for (std::int64_t c = 0; c < channels; ++c) {
            to[c] = static_cast<std::int8_t>(integer_of(from[c], reciprocals[static_cast<std::size_t>(c)]));
        }
    }
}

void doubled_weight_codes(std::int64_t rows, std::int64_t channels, const double* steps, const float* weights,
                          float* codes) {
    const std::vector<float> reciprocals = reciprocals_of(channels, steps);
    for (std::int64_t row = 0; row < rows; ++row) {
        const float* from = weights + row * channels;
        float* to = codes + 2 * row * channels;
        for (std::int64_t c = 0; c < channels; ++c) {
            to[c] = to[c + channels] = std::nearbyint(from[c] * reciprocals[static_cast<std::size_t>(c)]);
        }
    }
}

void split_gradient(std::int64_t pixels, std::int64_t channels, const double* steps, const float* gradient,
                    Bfloat16* halves) {
    const TiledChannels<float> tiled(channels, [&](std::int64_t c) { return steps[c]; });
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
        const float* step = tiled.data();
        const float* from = gradient + pixel * channels;
        Bfloat16* high = halves + 2 * pixel * channels;
        Bfloat16* low = high + channels;
        NPUSIM_ELEMENTS_STAND_ALONE
        for (std::int64_t c = 0; c < channels; ++c) {
            const float value = from[c] * step[c];
            high[c] = nearest_bfloat16(value);
            low[c] = nearest_bfloat16(value - float_of(high[c]));
        }
    }
}

void add_halves(std::int64_t rows, std::int64_t channels, double in_step, const double* steps, const float* halves,
                float* sums) {
    std::vector<float> scales;
    for (std::int64_t c = 0; c < channels; ++c) scales.push_back(static_cast<float>(in_step / steps[c]));
    for (std::int64_t row = 0; row < rows; ++row) {
        const float* high = halves + 2 * row * channels;
        const float* low = high + channels;
        float* sum = sums + row * channels;
        for (std::int64_t c = 0; c < channels; ++c) {
            sum[c] += (high[c] + low[c]) * scales[static_cast<std::size_t>(c)];
        }
    }
}

}  // namespace npusim
