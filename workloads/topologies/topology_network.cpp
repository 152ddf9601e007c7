#include "npusim/base/integer_math.h"
#include "npusim/workloads/topology.h"

namespace npusim {
namespace {

std::int64_t output_extent(std::int64_t input, std::int64_t filter, std::int64_t stride) {
    return ceil_div(input - filter + stride, stride);
}

/// Rows or columns of zeros that the last window needs.
std::int64_t missing(std::int64_t input, std::int64_t filter, std::int64_t stride) {
    const std::int64_t reach = (output_extent(input, filter, stride) - 1) * stride + filter;
    return reach > input ? reach - input : 0;
}

QuantizedNode node_of(const TopologyLayer& layer, const PrecisionSpec& precision, TensorId input) {
    QuantizedNode node;
    node.name = layer.name;
    node.op = QuantizedOp::convolution;
    node.input = {input, 0, layer.channels};
    node.input_shape = {layer.channels, layer.input_height, layer.input_width};
    node.output_shape = {layer.filters, layer.output_height(), layer.output_width()};
    node.window.kernel_height = layer.filter_height;
    node.window.kernel_width = layer.filter_width;
    node.window.stride_height = node.window.stride_width = layer.stride;
    node.window.pad_bottom = missing(layer.input_height, layer.filter_height, layer.stride);
    node.window.pad_right = missing(layer.input_width, layer.filter_width, layer.stride);
    node.weight_bits = precision.weight_bits;
    node.input_bits = precision.activation_bits;
    node.relu = true;
    node.destinations.push_back({input + 1, 0, {}});
    return node;
}

}  // namespace

std::int64_t TopologyLayer::output_height() const {
    return output_extent(input_height, filter_height, stride);
}

std::int64_t TopologyLayer::output_width() const {
    return output_extent(input_width, filter_width, stride);
}

QuantizedNetwork topology_network(const std::string& name, const std::vector<TopologyLayer>& layers,
                                  const PrecisionSpec& precision, int accumulator_bits) {
    QuantizedNetwork network;
    network.name = name;
    network.precision = precision;
    network.accumulator_bits = accumulator_bits;
    for (const TopologyLayer& layer : layers) {
        const QuantizedNode node = node_of(layer, precision, network.tensors.size());
        const int bits = precision.activation_bits;
        network.tensors.push_back({layer.name + " input", node.input_shape, bits, false, 0.0});
        network.tensors.push_back({layer.name + " output", node.output_shape, bits, false, 0.0});
        network.nodes.push_back(node);
    }
    network.output = network.tensors.size() - 1;
    return network;
}

}  // namespace npusim
