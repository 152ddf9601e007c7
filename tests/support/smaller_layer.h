// A network of one layer with a smaller or plainer layer: each change alone, and all that follows from it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "npusim/base/integer_math.h"
#include "npusim/models/quantization/quantized_network.h"

namespace npusim::test {

/// Changes the only node, or tensor 0, which it reads; false where there is nothing to change.
using LayerChange = std::function<bool(QuantizedNode& node, QuantizedTensor& image)>;

namespace layer_changes {

/// Towards `target`: at once, half of the way, a step.
inline void towards(std::vector<LayerChange>& changes, const std::function<std::int64_t*(QuantizedNode&)>& field_of,
                    std::int64_t target) {
    for (const int way : {0, 1, 2}) {
        changes.emplace_back([=](QuantizedNode& node, QuantizedTensor&) {
            std::int64_t* field = field_of(node);
            if (field == nullptr || *field <= target) return false;
            *field = way == 0 ? target : way == 1 ? (*field + target) / 2 : *field - 1;
            return true;
        });
    }
}

/// One of the groups alone.
inline bool ungroup(QuantizedNode& node, QuantizedTensor&) {
    if (node.groups == 1) return false;
    node.input_shape.channels /= node.groups;
    node.output_shape.channels /= node.groups;
    node.groups = 1;
    return true;
}

/// Eight bits, which the field does not have.
inline bool to_eight(int& bits) {
    if (bits == 8) return false;
    bits = 8;
    return true;
}

}  // namespace layer_changes

inline std::vector<LayerChange> layer_changes_of() {
    using layer_changes::towards;
    std::vector<LayerChange> changes;
    changes.emplace_back(layer_changes::ungroup);
    for (const auto field : {&Window::stride_height, &Window::stride_width, &Window::dilation_height,
                             &Window::dilation_width, &Window::kernel_height, &Window::kernel_width}) {
        towards(
            changes, [field](QuantizedNode& node) { return &(node.window.*field); }, 1);
    }
    for (const auto field : {&Window::pad_top, &Window::pad_left, &Window::pad_bottom, &Window::pad_right}) {
        towards(
            changes, [field](QuantizedNode& node) { return &(node.window.*field); }, 0);
    }
    for (const auto field : {&TensorShape::channels, &TensorShape::height, &TensorShape::width}) {
        towards(
            changes, [field](QuantizedNode& node) { return &(node.input_shape.*field); }, 1);
    }
    towards(
        changes,
        [](QuantizedNode& node) { return node.op == QuantizedOp::convolution ? &node.output_shape.channels : nullptr; },
        1);
    changes.emplace_back([](QuantizedNode& node, QuantizedTensor&) {
        const std::int64_t least = node.channels_before + node.input_shape.channels;
        return node.op == QuantizedOp::slice_pad && std::exchange(node.output_shape.channels, least) > least;
    });
    towards(
        changes, [](QuantizedNode& node) { return &node.channels_before; }, 0);
    changes.emplace_back([](QuantizedNode& node, QuantizedTensor&) { return std::exchange(node.relu, false); });
    changes.emplace_back([](QuantizedNode& node, QuantizedTensor&) { return std::exchange(node.adaptive, false); });
    changes.emplace_back(
        [](QuantizedNode& node, QuantizedTensor&) { return std::exchange(node.window.ceil_mode, false); });
    changes.emplace_back([](QuantizedNode& node, QuantizedTensor&) {
        return node.op == QuantizedOp::convolution && layer_changes::to_eight(node.weight_bits);
    });
    changes.emplace_back([](QuantizedNode&, QuantizedTensor& image) { return layer_changes::to_eight(image.bits); });
    return changes;
}

/// Shapes, views, weights and requantizers that fit the changed node and image again. Throws InputError where no
/// window fits any more.
inline void settle(QuantizedNetwork& network) {
    QuantizedNode& node = network.nodes.front();
    QuantizedTensor& image = network.tensors.front();
    image.shape = node.input_shape;
    node.input = {0, 0, image.shape.channels};
    node.input_bits = image.bits;
    const Window& w = node.window;
    TensorShape& out = node.output_shape;
    if (node.op == QuantizedOp::elementwise) {
        out = node.input_shape;
    } else if (node.op == QuantizedOp::slice_pad) {
        out.height = ceil_div(image.shape.height, w.stride_height);
        out.width = ceil_div(image.shape.width, w.stride_width);
        out.channels = std::max(out.channels, node.channels_before + image.shape.channels);
    } else if (!node.adaptive) {
        out.height = window_output(image.shape.height, w.kernel_height, w.stride_height, w.dilation_height,
                                   w.pad_top + w.pad_bottom, w.ceil_mode, node.name);
        out.width = window_output(image.shape.width, w.kernel_width, w.stride_width, w.dilation_width,
                                  w.pad_left + w.pad_right, w.ceil_mode, node.name);
    }
    if (node.op == QuantizedOp::max_pool || node.op == QuantizedOp::average_pool) out.channels = image.shape.channels;
    if (node.op == QuantizedOp::convolution) {
        const IntegerRange range = signed_range(node.weight_bits);
        std::vector<std::int16_t> weights(static_cast<std::size_t>(out.channels * node.reduction_size()));
        for (std::size_t i = 0; i < weights.size(); ++i) {
            const std::int64_t old = node.weights[i % node.weights.size()];
            weights[i] = static_cast<std::int16_t>(std::clamp<std::int64_t>(old, range.low, range.high));
        }
        node.weights = std::move(weights);
    }
    for (auto& to : node.destinations) {
        to.channel_begin = 0;
        network.tensors[to.tensor].shape = out;
        std::vector<ChannelRequantizer> channels;
        for (std::int64_t c = 0; c < out.channels; ++c) {
            channels.push_back(to.channels[static_cast<std::size_t>(c) % to.channels.size()]);
        }
        to.channels = std::move(channels);
    }
    if (node.residual) node.residual = TensorView{0, 0, out.channels};
}

}  // namespace npusim::test
