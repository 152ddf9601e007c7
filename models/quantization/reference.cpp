#include "npusim/models/quantization/reference.h"

#include <algorithm>

#include "npusim/base/error.h"

namespace npusim {

namespace {

/// Calls visit(input y, input x, kernel y, kernel x) for every position of the window of output (y, x) that lies on
/// the map; positions in the padding are left out.
template <typename Visit>
void visit_window(const QuantizedNode& node, std::int64_t y, std::int64_t x, Visit visit) {
    const Window& w = node.window;
    const TensorShape& in = node.input_shape;
    const TensorShape& out = node.output_shape;
    const auto top = window_begin(y, w.stride_height, w.pad_top, node.adaptive, in.height, out.height);
    const auto left = window_begin(x, w.stride_width, w.pad_left, node.adaptive, in.width, out.width);
    for (std::int64_t ky = 0; ky < w.kernel_height; ++ky) {
        for (std::int64_t kx = 0; kx < w.kernel_width; ++kx) {
            const std::int64_t iy = top + ky * w.dilation_height;
            const std::int64_t ix = left + kx * w.dilation_width;
            if (iy >= 0 && iy < in.height && ix >= 0 && ix < in.width) visit(iy, ix, ky, kx);
        }
    }
}

std::int64_t convolve_at(const QuantizedNode& node, const IntegerTensor& input, std::int64_t channel, std::int64_t y,
                         std::int64_t x) {
    const Window& w = node.window;
    const std::int64_t depth = node.input_shape.channels / node.groups;
    const std::int64_t group = channel / (node.output_shape.channels / node.groups);
    std::int64_t sum = 0;
    for (std::int64_t c = 0; c < depth; ++c) {
        visit_window(node, y, x, [&](std::int64_t iy, std::int64_t ix, std::int64_t ky, std::int64_t kx) {
            const std::int64_t at = ((channel * depth + c) * w.kernel_height + ky) * w.kernel_width + kx;
            const std::int64_t weight = node.weights[static_cast<std::size_t>(at)];
            sum += weight * input.at(group * depth + c, iy, ix);
        });
    }
    return sum;
}

std::int64_t max_pool_at(const QuantizedNode& node, const IntegerTensor& input, std::int64_t channel, std::int64_t y,
                         std::int64_t x) {
    std::int64_t largest = activation_range(node.input_bits, node.input_signed).low;
    visit_window(node, y, x, [&](std::int64_t iy, std::int64_t ix, std::int64_t, std::int64_t) {
        largest = std::max<std::int64_t>(largest, input.at(channel, iy, ix));
    });
    return largest;
}

std::int64_t sum_pool_at(const QuantizedNode& node, const IntegerTensor& input, std::int64_t channel, std::int64_t y,
                         std::int64_t x) {
    std::int64_t sum = 0;
    visit_window(node, y, x, [&](std::int64_t iy, std::int64_t ix, std::int64_t, std::int64_t) {
        sum += input.at(channel, iy, ix);
    });
    return sum;
}

std::int64_t slice_pad_at(const QuantizedNode& node, const IntegerTensor& input, std::int64_t channel, std::int64_t y,
                          std::int64_t x) {
    const std::int64_t from = channel - node.channels_before;
    if (from < 0 || from >= node.input_shape.channels) return 0;
    return input.at(from, y * node.window.stride_height, x * node.window.stride_width);
}

}  // namespace

std::vector<std::int64_t> reference_accumulate(const QuantizedNetwork& network, const QuantizedNode& node,
                                               const IntegerTensor& input) {
    const auto accumulate = [&](std::int64_t c, std::int64_t y, std::int64_t x) -> std::int64_t {
        switch (node.op) {
            case QuantizedOp::convolution:
                return wrap(convolve_at(node, input, c, y, x), network.accumulator_bits);
            case QuantizedOp::max_pool:
                return max_pool_at(node, input, c, y, x);
            case QuantizedOp::average_pool:
                return sum_pool_at(node, input, c, y, x);
            case QuantizedOp::slice_pad:
                return slice_pad_at(node, input, c, y, x);
            case QuantizedOp::elementwise:
                return input.at(c, y, x);
        }
        return 0;
    };
    std::vector<std::int64_t> accumulators;
    accumulators.reserve(static_cast<std::size_t>(node.output_shape.elements()));
    for (std::int64_t c = 0; c < node.output_shape.channels; ++c) {
        for (std::int64_t y = 0; y < node.output_shape.height; ++y) {
            for (std::int64_t x = 0; x < node.output_shape.width; ++x) accumulators.push_back(accumulate(c, y, x));
        }
    }
    return accumulators;
}

IntegerTensor reference_requantize(const QuantizedNetwork& network, const QuantizedNode& node,
                                   const Destination& destination, const std::vector<std::int64_t>& accumulators,
                                   const IntegerTensor* residual) {
    IntegerRange range = network.tensors.at(destination.tensor).range();
    if (node.relu) range.low = 0;
    IntegerTensor result{node.output_shape, std::vector<std::int32_t>(accumulators.size())};
    const auto map = static_cast<std::size_t>(node.output_shape.height * node.output_shape.width);
    for (std::size_t i = 0; i < accumulators.size(); ++i) {
        const std::int64_t added = residual != nullptr ? residual->values.at(i) : 0;
        const auto& channel = destination.channels.at(i / map);
        result.values[i] =
            static_cast<std::int32_t>(requantize(accumulators[i], added, channel, range, network.precision.rounding));
    }
    return result;
}

IntegerTensor read_view(const std::vector<IntegerTensor>& tensors, const TensorView& view) {
    const IntegerTensor& whole = tensors.at(view.tensor);
    const std::int64_t map = whole.shape.height * whole.shape.width;
    const auto begin = whole.values.begin() + view.channel_begin * map;
    return {{view.channels, whole.shape.height, whole.shape.width}, {begin, begin + view.channels * map}};
}

std::vector<IntegerTensor> reference_run(const QuantizedNetwork& network, std::span<const std::int32_t> image) {
    std::vector<IntegerTensor> tensors;
    for (const auto& tensor : network.tensors) {
        tensors.push_back({tensor.shape, std::vector<std::int32_t>(static_cast<std::size_t>(tensor.shape.elements()))});
    }
    if (image.size() != tensors.at(0).values.size()) {
        throw InputError(network.name, "image",
                         std::to_string(image.size()) + " values, needs " + std::to_string(tensors[0].values.size()));
    }
    tensors[0].values.assign(image.begin(), image.end());
    for (const auto& node : network.nodes) {
        const auto accumulators = reference_accumulate(network, node, read_view(tensors, node.input));
        std::optional<IntegerTensor> residual;
        if (node.residual) residual = read_view(tensors, *node.residual);
        for (const auto& to : node.destinations) {
            const auto result = reference_requantize(network, node, to, accumulators, residual ? &*residual : nullptr);
            const std::int64_t map = result.shape.height * result.shape.width;
            std::copy(result.values.begin(), result.values.end(),
                      tensors.at(to.tensor).values.begin() + to.channel_begin * map);
        }
    }
    return tensors;
}

}  // namespace npusim
