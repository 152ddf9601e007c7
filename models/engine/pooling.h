// Operators of the fp32 executor that only move or compare values.
#pragma once

#include "npusim/models/graph/network.h"

namespace npusim {

/// Padding never wins; every window must touch the map.
void max_pool(const TensorShape& in, const TensorShape& out_shape, const Window& window, const float* input,
              float* out);

/// out(c, y, x) = in(c − channels_before, y·stride, x·stride), 0 where that channel does not exist.
void slice_pad(const TensorShape& in, const TensorShape& out_shape, std::int64_t stride_height,
               std::int64_t stride_width, std::int64_t channels_before, const float* input, float* out);

}  // namespace npusim
