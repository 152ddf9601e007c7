// Pooling and requantization of the integer engine, on integers that are stored exactly in fp32.
#pragma once

#include "integer_convolution.h"

namespace npusim {

/// Sums of the windows; padding counts as 0.
[[nodiscard]] Accumulators sum_windows(const QuantizedNode& node, const float* input, AccumulatorScratch& scratch);

/// Requantizes all channels of a destination; `residual` may be null. `out` is the destination's first channel.
void requantize_channels(const QuantizedNode& node, const Destination& destination, IntegerRange range,
                         Rounding rounding, const Accumulators& accumulators, const float* residual, float* out);

}  // namespace npusim
