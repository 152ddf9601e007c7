// The integer operators in their plainest form: the specification that the fast engine and the machine must equal.
#pragma once

#include <span>

#include "npusim/models/quantization/quantized_network.h"

namespace npusim {

/// Integers of one image, channel-major (C, H, W).
struct IntegerTensor {
    TensorShape shape;
    std::vector<std::int32_t> values;
    [[nodiscard]] std::int32_t at(std::int64_t c, std::int64_t y, std::int64_t x) const {
        return values[static_cast<std::size_t>((c * shape.height + y) * shape.width + x)];
    }
};

/// Accumulators of a node (C, H, W of its output) before requantization, wrapped at accumulator_bits for
/// convolutions. `input` is the node's input view.
[[nodiscard]] std::vector<std::int64_t> reference_accumulate(const QuantizedNetwork& network, const QuantizedNode& node,
                                                             const IntegerTensor& input);

/// Requantized result of one destination. `residual` may be null when the node has none.
[[nodiscard]] IntegerTensor reference_requantize(const QuantizedNetwork& network, const QuantizedNode& node,
                                                 const Destination& destination,
                                                 const std::vector<std::int64_t>& accumulators,
                                                 const IntegerTensor* residual);

/// The channels of a view as a tensor of their own.
[[nodiscard]] IntegerTensor read_view(const std::vector<IntegerTensor>& tensors, const TensorView& view);

/// All tensors of the network for one image, indexed as QuantizedNetwork::tensors. `image` holds the quantized
/// input integers (C, H, W).
[[nodiscard]] std::vector<IntegerTensor> reference_run(const QuantizedNetwork& network,
                                                       std::span<const std::int32_t> image);

}  // namespace npusim
