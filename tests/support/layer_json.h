// A layer in words that a reader can build it from again.
#pragma once

#include <nlohmann/json.hpp>
#include <utility>

#include "npusim/models/quantization/quantized_network.h"

namespace npusim::test {

/// What a layer is, as far as its cycles depend on it.
inline nlohmann::json layer_json(const QuantizedNetwork& network, const QuantizedNode& node) {
    const auto shape = [](const TensorShape& s) { return nlohmann::json{s.channels, s.height, s.width}; };
    const Window& w = node.window;
    nlohmann::json destination_bits = nlohmann::json::array();
    for (const auto& to : node.destinations) destination_bits.push_back(network.tensors[to.tensor].bits);
    nlohmann::json layer{{"name", node.name},
                         {"op", name_of(node.op)},
                         {"input_shape", shape(node.input_shape)},
                         {"output_shape", shape(node.output_shape)},
                         {"kernel", {w.kernel_height, w.kernel_width}},
                         {"stride", {w.stride_height, w.stride_width}},
                         {"dilation", {w.dilation_height, w.dilation_width}},
                         {"padding", {w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}},
                         {"groups", node.groups},
                         {"adaptive", node.adaptive},
                         {"ceil_mode", w.ceil_mode},
                         {"relu", node.relu},
                         {"channels_before", node.channels_before},
                         {"weight_bits", node.weight_bits},
                         {"input_bits", node.input_bits},
                         {"destination_bits", std::move(destination_bits)}};
    if (node.residual) layer["residual_bits"] = network.tensors[node.residual->tensor].bits;
    return layer;
}

}  // namespace npusim::test
