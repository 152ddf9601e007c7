// Steps and integers of weights.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>

#include "npusim/models/quantization/weight_quantizer.h"

namespace npusim {

namespace {

std::vector<float> random_weights(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 generator(seed);
    std::vector<float> weights;
    for (std::size_t i = 0; i < count; ++i) {
        double sum = 0;
        for (int k = 0; k < 6; ++k) sum += static_cast<double>(generator() % 2001) / 1000 - 1;
        weights.push_back(static_cast<float>(sum / 6));
    }
    return weights;
}

double squared_error(std::span<const float> weights, std::span<const std::int16_t> integers, double step) {
    double sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const double error = static_cast<double>(weights[i]) - step * integers[i];
        sum += error * error;
    }
    return sum;
}

/// The error of quantizing with `step`.
double error_of_step(std::span<const float> weights, double step, int bits, Rounding rounding) {
    std::vector<std::int16_t> integers;
    for (const float weight : weights) {
        integers.push_back(static_cast<std::int16_t>(quantize_weight(weight, step, bits, rounding)));
    }
    return squared_error(weights, integers, step);
}

double largest_of(std::span<const float> weights) {
    double largest = 0;
    for (const float weight : weights) largest = std::max(largest, std::abs(static_cast<double>(weight)));
    return largest;
}

}  // namespace

TEST_CASE("A free step has no larger error than any step that clips up to four fifths, and about the least of all") {
    for (const int bits : {2, 3, 4, 6, 8}) {
        const auto weights = random_weights(300, static_cast<std::uint64_t>(bits));
        const PrecisionSpec precision;
        const auto quantized = quantize_weights(weights, 1, bits, precision);
        const double error = squared_error(weights, quantized.values, quantized.steps[0]);
        const double whole = largest_of(weights) / static_cast<double>(signed_range(bits).high);
        double least = std::numeric_limits<double>::infinity();
        for (int i = 0; i < 1000; ++i) {
            const double step = whole * (0.2 + 0.001 * i);
            least = std::min(least, error_of_step(weights, step, bits, precision.rounding));
        }
        INFO(bits << " bits");
        CHECK(error <= error_of_step(weights, whole, bits, precision.rounding));
        CHECK(error <= 1.05 * least);
    }
}

TEST_CASE("Integers are the weights rounded in steps of their channel, within the signed range") {
    for (const auto rounding : {Rounding::half_up, Rounding::half_even, Rounding::half_away}) {
        for (const int bits : {1, 2, 4, 8, 16}) {
            const auto weights = random_weights(120, 7);
            PrecisionSpec precision;
            precision.rounding = rounding;
            const auto quantized = quantize_weights(weights, 4, bits, precision);
            REQUIRE(quantized.steps.size() == 4);
            for (std::size_t i = 0; i < weights.size(); ++i) {
                REQUIRE(quantized.values[i] == quantize_weight(weights[i], quantized.steps[i / 30], bits, rounding));
                REQUIRE(quantized.values[i] >= signed_range(bits).low);
                REQUIRE(quantized.values[i] <= signed_range(bits).high);
            }
        }
    }
}

TEST_CASE("Power-of-two steps are powers of two, and the best of those that clip at most seven eighths") {
    for (const int bits : {1, 2, 4, 8}) {
        const auto weights = random_weights(300, 20 + static_cast<std::uint64_t>(bits));
        PrecisionSpec precision;
        precision.scales = ScaleKind::power_of_two;
        const auto quantized = quantize_weights(weights, 3, bits, precision);
        for (std::size_t c = 0; c < 3; ++c) {
            const double step = quantized.steps[c];
            REQUIRE(std::exp2(std::round(std::log2(step))) == step);
            const auto channel = std::span(weights).subspan(c * 100, 100);
            const double error = error_of_step(channel, step, bits, precision.rounding);
            CHECK(error <= error_of_step(channel, step * 2, bits, precision.rounding));
            if (bits > 1) CHECK(error <= error_of_step(channel, step / 2, bits, precision.rounding));
        }
    }
}

TEST_CASE("Per tensor there is one step, and per channel the error is no larger") {
    auto weights = random_weights(400, 3);
    for (std::size_t i = 0; i < 100; ++i) weights[i] *= 0.05F;
    PrecisionSpec precision;
    const auto by_channel = quantize_weights(weights, 4, 4, precision);
    precision.granularity = Granularity::per_tensor;
    const auto by_tensor = quantize_weights(weights, 4, 4, precision);
    CHECK(by_tensor.steps == std::vector<double>(4, by_tensor.steps[0]));
    CHECK(by_channel.steps[0] < by_channel.steps[1]);
    double channel_error = 0;
    for (std::size_t c = 0; c < 4; ++c) {
        const auto part = std::span(by_channel.values).subspan(c * 100, 100);
        channel_error += squared_error(std::span(weights).subspan(c * 100, 100), part, by_channel.steps[c]);
    }
    CHECK(channel_error <= squared_error(weights, by_tensor.values, by_tensor.steps[0]));
}

TEST_CASE("Weights of one bit are +1 and -1 with the mean magnitude as their step") {
    const std::vector<float> weights{0.5F, -1.5F, 0.0F, -0.25F, 2.0F, -0.75F};
    const auto quantized = quantize_weights(weights, 1, 1, {});
    CHECK(quantized.values == std::vector<std::int16_t>{1, -1, 1, -1, 1, -1});
    CHECK(quantized.steps[0] == Approx(5.0 / 6));
}

TEST_CASE("Channels of zeros stay zero in value, at one bit too") {
    const std::vector<float> weights(12, 0.0F);
    for (const int bits : {1, 2, 8}) {
        for (const auto scales : {ScaleKind::free, ScaleKind::power_of_two}) {
            PrecisionSpec precision;
            precision.scales = scales;
            const auto quantized = quantize_weights(weights, 2, bits, precision);
            for (std::size_t i = 0; i < weights.size(); ++i) {
                CHECK(quantized.values[i] * quantized.steps[i / 6] == 0.0);
            }
        }
    }
}

}  // namespace npusim
