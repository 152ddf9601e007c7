#include "float_operators.h"

#include <algorithm>
#include <cmath>

#include "columns.h"
#include "matrix_product.h"
#include "npusim/base/error.h"
#include "pooling.h"

namespace npusim {

namespace {

void add_bias(const NodeParameters& parameters, std::int64_t map, float* out) {
    if (parameters.size() < 2) return;
    for (const float bias : parameters[1]->values) {
        for (std::int64_t i = 0; i < map; ++i) out[i] += bias;
        out += map;
    }
}

void convolve(const TensorShape& in, const Node& node, const NodeParameters& parameters, const float* input, float* out,
              std::vector<float>& columns) {
    const ConvolutionShape shape{in, node.shape, node.window, node.groups};
    const float* weights = parameters[0]->values.data();
    const std::int64_t depth = shape.depth();
    const std::int64_t outputs = shape.group_outputs();
    for_each_block(
        input, shape, columns,
        [&](std::int64_t group, std::int64_t first, std::int64_t pixels, const float* block, std::int64_t stride) {
            multiply({weights + group * outputs * depth, outputs, depth, depth}, {block, depth, pixels, stride},
                     {out + group * outputs * shape.pixels() + first, outputs, pixels, shape.pixels()});
        });
    add_bias(parameters, shape.pixels(), out);
}

void apply_linear(const Node& node, const NodeParameters& parameters, const float* input, float* out) {
    const std::int64_t features = parameters[0]->shape[1];
    multiply({parameters[0]->values.data(), node.shape.channels, features, features}, {input, features, 1, 1},
             {out, node.shape.channels, 1, 1});
    add_bias(parameters, 1, out);
}

void normalize(const Node& node, const NodeParameters& parameters, const float* input, float* out) {
    const std::int64_t map = node.shape.height * node.shape.width;
    for (std::size_t c = 0; c < static_cast<std::size_t>(node.shape.channels); ++c) {
        const float variance = parameters[3]->values[c] + static_cast<float>(node.epsilon);
        const float scale = parameters[0]->values[c] / std::sqrt(variance);
        const float mean = parameters[2]->values[c];
        const float shift = parameters[1]->values[c];
        for (std::int64_t i = 0; i < map; ++i) out[i] = (input[i] - mean) * scale + shift;
        input += map;
        out += map;
    }
}

/// The part of a pooling window along one axis that lies on the map, and how much of it counts in an average.
struct PoolSpan {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t padded_extent = 0;
};

/// torch's rule: a window may hang over the padding in ceil mode, and what hangs over does not count.
PoolSpan pool_span(std::int64_t at, std::int64_t kernel, std::int64_t stride, std::int64_t before, std::int64_t after,
                   std::int64_t extent) {
    const std::int64_t begin = at * stride - before;
    const std::int64_t end = std::min(begin + kernel, extent + after);
    return {std::max<std::int64_t>(begin, 0), std::min(end, extent), end - begin};
}

float sum_of(const float* map, std::int64_t width, const PoolSpan& rows, const PoolSpan& columns) {
    float sum = 0;
    for (std::int64_t y = rows.begin; y < rows.end; ++y) {
        for (std::int64_t x = columns.begin; x < columns.end; ++x) sum += map[y * width + x];
    }
    return sum;
}

void average_pool(const TensorShape& in, const Node& node, const float* input, float* out) {
    const Window& w = node.window;
    for (std::int64_t c = 0; c < in.channels; ++c, input += in.height * in.width) {
        for (std::int64_t y = 0; y < node.shape.height; ++y) {
            const auto rows = pool_span(y, w.kernel_height, w.stride_height, w.pad_top, w.pad_bottom, in.height);
            for (std::int64_t x = 0; x < node.shape.width; ++x, ++out) {
                const auto columns = pool_span(x, w.kernel_width, w.stride_width, w.pad_left, w.pad_right, in.width);
                const std::int64_t count = w.count_include_pad
                                               ? rows.padded_extent * columns.padded_extent
                                               : (rows.end - rows.begin) * (columns.end - columns.begin);
                *out = sum_of(input, in.width, rows, columns) / static_cast<float>(count);
            }
        }
    }
}

void adaptive_pool(const TensorShape& in, const TensorShape& shape, const float* input, float* out) {
    const auto span_of = [](std::int64_t at, std::int64_t extent, std::int64_t outputs) {
        const std::int64_t begin = at * extent / outputs;
        const std::int64_t end = ceil_div((at + 1) * extent, outputs);
        return PoolSpan{begin, end, end - begin};
    };
    for (std::int64_t c = 0; c < in.channels; ++c, input += in.height * in.width) {
        for (std::int64_t y = 0; y < shape.height; ++y) {
            const PoolSpan rows = span_of(y, in.height, shape.height);
            for (std::int64_t x = 0; x < shape.width; ++x, ++out) {
                const PoolSpan columns = span_of(x, in.width, shape.width);
                *out = sum_of(input, in.width, rows, columns) /
                       static_cast<float>(rows.padded_extent * columns.padded_extent);
            }
        }
    }
}

}  // namespace

void compute_node(const Network& network, const Node& node, const NodeParameters& parameters,
                  std::span<const float* const> inputs, float* out, std::vector<float>& columns) {
    const float* input = inputs[0];
    const TensorShape& in = network.node(node.inputs[0]).shape;
    const std::int64_t elements = node.shape.elements();
    switch (node.op) {
        case OpKind::input:
            break;
        case OpKind::conv2d:
            return convolve(in, node, parameters, input, out, columns);
        case OpKind::linear:
            return apply_linear(node, parameters, input, out);
        case OpKind::batch_norm:
            return normalize(node, parameters, input, out);
        case OpKind::max_pool:
            return max_pool(in, node.shape, node.window, input, out);
        case OpKind::average_pool:
            return average_pool(in, node, input, out);
        case OpKind::adaptive_average_pool:
            return adaptive_pool(in, node.shape, input, out);
        case OpKind::slice_pad:
            return slice_pad(in, node.shape, node.slice_stride, node.slice_stride, node.channels_before, input, out);
        case OpKind::relu:
            for (std::int64_t i = 0; i < elements; ++i) out[i] = std::max(input[i], 0.0F);
            break;
        case OpKind::add:
            for (std::int64_t i = 0; i < elements; ++i) out[i] = input[i] + inputs[1][i];
            break;
        case OpKind::concat:
            for (std::size_t i = 0; i < inputs.size(); ++i) {
                out = std::copy_n(inputs[i], network.node(node.inputs[i]).shape.elements(), out);
            }
            break;
        case OpKind::flatten:
        case OpKind::dropout:
            if (out != input) std::copy_n(input, elements, out);
            break;
    }
}

bool may_run_in_place(OpKind op) {
    return op == OpKind::batch_norm || op == OpKind::relu || op == OpKind::add || op == OpKind::flatten ||
           op == OpKind::dropout;
}

std::vector<NodeId> last_readers(const Network& network) {
    std::vector<NodeId> last(network.nodes.size());
    for (NodeId id = 0; id < network.nodes.size(); ++id) {
        last[id] = id;
        if (network.nodes[id].training_only) continue;
        for (const NodeId from : network.nodes[id].inputs) last[from] = id;
    }
    last[network.output] = network.nodes.size();
    return last;
}

NodeParameters find_parameters(const Network& network, const Node& node, const Parameters& parameters) {
    NodeParameters found;
    for (const auto& spec : parameters_of(network, node)) {
        const auto at = parameters.find(spec.name);
        if (at == parameters.end()) throw InputError(network.name, spec.name, "the parameter is missing");
        std::size_t elements = 1;
        for (const std::int64_t extent : spec.shape) elements *= static_cast<std::size_t>(extent);
        if (at->second.shape != spec.shape || at->second.values.size() != elements) {
            throw InputError(network.name, spec.name, "the parameter does not have the shape that the network needs");
        }
        found.push_back(&at->second);
    }
    return found;
}

}  // namespace npusim
