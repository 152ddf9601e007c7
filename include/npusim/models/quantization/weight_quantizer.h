// Steps and integers of weights.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "npusim/models/quantization/precision.h"

namespace npusim {

struct QuantizedWeights {
    std::vector<std::int16_t> values;
    std::vector<double> steps;  ///< one per output channel
};

/// Quantizes `weights` ([output channel][rest]) to `bits` bits with the step of least squared error, for each output
/// channel or for the tensor.
[[nodiscard]] QuantizedWeights quantize_weights(std::span<const float> weights, std::int64_t out_channels, int bits,
                                                const PrecisionSpec& precision);

/// Those steps alone, one per output channel.
[[nodiscard]] std::vector<double> weight_steps(std::span<const float> weights, std::int64_t out_channels, int bits,
                                               const PrecisionSpec& precision);

/// Quantizes with given steps, one per output channel.
[[nodiscard]] std::vector<std::int16_t> quantize_weights_at(std::span<const float> weights,
                                                            std::span<const double> steps, int bits, Rounding rounding);

}  // namespace npusim
