#include "npusim/models/quantization/weight_quantizer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>

namespace npusim {
namespace {

/// Of rounding to the nearest, or any number above `enough` where it is more than that. Written so that it vectorizes,
/// because fine-tuning asks it in each iteration.
double squared_error(std::span<const float> weights, double step, int bits, double enough) {
    constexpr std::size_t kLanes = 16;
    constexpr std::size_t kBetweenLooks = 4 * kLanes;
    const double reciprocal = 1.0 / step;
    const auto highest = static_cast<double>(signed_range(bits).high);
    std::array<double, kLanes> sums{};
    const auto squared = [&](float weight) {
        const auto value = static_cast<double>(weight);
        double integer = std::floor(value * reciprocal + 0.5);
        integer = integer < -highest ? -highest : integer;
        integer = integer > highest ? highest : integer;
        // One bit has no zero.
        if (bits == 1) integer = value < 0 ? -1.0 : 1.0;
        const double error = value - step * integer;
        return error * error;
    };
    const std::size_t whole = weights.size() / kLanes * kLanes;
    for (std::size_t i = 0; i < whole; i += kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += squared(weights[i + lane]);
        if ((i + kLanes) % kBetweenLooks != 0) continue;
        // Sums only grow, rounded ones too.
        const double so_far = std::accumulate(sums.begin(), sums.end(), 0.0);
        if (so_far > enough) return so_far;
    }
    for (std::size_t i = whole; i < weights.size(); ++i) sums[0] += squared(weights[i]);
    return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// Steps worth trying: from the one that clips nothing down to a fifth of it, or an eighth in powers of two.
std::vector<double> candidate_steps(double largest, int bits, ScaleKind scales) {
    const double whole = largest / static_cast<double>(signed_range(bits).high);
    std::vector<double> steps;
    if (scales == ScaleKind::power_of_two) {
        const double exponent = std::ceil(std::log2(whole));
        for (int below = 0; below <= 3; ++below) steps.push_back(std::exp2(exponent - below));
        return steps;
    }
    constexpr int kCandidates = 80;
    for (int i = 0; i < kCandidates; ++i) steps.push_back(whole * (1.0 - 0.01 * i));
    return steps;
}

/// The first of those with the least error. A few are tried before the others, so that most of these are soon seen to
/// be worse.
double least_error_step(std::span<const float> weights, int bits, const std::vector<double>& candidates) {
    constexpr std::size_t kApart = 8;
    double least = std::numeric_limits<double>::infinity();
    std::size_t best = candidates.size();
    const auto look_at = [&](std::size_t candidate) {
        const double error = squared_error(weights, candidates[candidate], bits, least);
        const bool is_better = error < least || (error == least && candidate < best);
        if (!is_better) return;
        least = error;
        best = candidate;
    };
    for (std::size_t i = kApart / 2; i < candidates.size(); i += kApart) look_at(i);
    for (std::size_t i = 0; i < candidates.size(); ++i) look_at(i);
    return best < candidates.size() ? candidates[best] : 0.0;
}

double best_step(std::span<const float> weights, int bits, const PrecisionSpec& precision) {
    double largest = 0;
    double sum = 0;
    for (const float weight : weights) {
        largest = std::max(largest, std::abs(static_cast<double>(weight)));
        sum += std::abs(static_cast<double>(weight));
    }
    // One-bit integers have no zero, so that the step says it.
    if (largest == 0) return bits == 1 ? 0.0 : 1.0;
    if (bits == 1 && precision.scales == ScaleKind::free) return sum / static_cast<double>(weights.size());
    return least_error_step(weights, bits, candidate_steps(largest, bits, precision.scales));
}

}  // namespace

std::vector<std::int16_t> quantize_weights_at(std::span<const float> weights, std::span<const double> steps, int bits,
                                              Rounding rounding) {
    const std::size_t row = weights.size() / steps.size();
    std::vector<std::int16_t> values(weights.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<std::int16_t>(quantize_weight(weights[i], steps[i / row], bits, rounding));
    }
    return values;
}

std::vector<double> weight_steps(std::span<const float> weights, std::int64_t out_channels, int bits,
                                 const PrecisionSpec& precision) {
    const auto channels = static_cast<std::size_t>(out_channels);
    if (precision.granularity == Granularity::per_tensor) {
        return std::vector<double>(channels, best_step(weights, bits, precision));
    }
    const std::size_t row = weights.size() / channels;
    std::vector<double> steps;
    steps.reserve(channels);
    for (std::size_t c = 0; c < channels; ++c) {
        steps.push_back(best_step(weights.subspan(c * row, row), bits, precision));
    }
    return steps;
}

QuantizedWeights quantize_weights(std::span<const float> weights, std::int64_t out_channels, int bits,
                                  const PrecisionSpec& precision) {
    QuantizedWeights result;
    result.steps = weight_steps(weights, out_channels, bits, precision);
    result.values = quantize_weights_at(weights, result.steps, bits, precision.rounding);
    return result;
}

}  // namespace npusim
