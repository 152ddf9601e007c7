// Sums beyond 2^24, where fp32 no longer holds every integer. A bias takes the bulk of each sum away again, so that
// the last bit of it is seen in the output.
#include <catch2/catch.hpp>
#include <random>
#include <utility>

#include "npusim/models/engine/integer_engine.h"

namespace npusim {

namespace {

QuantizedNetwork one_node(QuantizedNode node, int bits, std::int64_t channels) {
    QuantizedNetwork network;
    network.name = "large sums";
    network.accumulator_bits = 47;
    network.tensors = {{"image", node.input_shape, bits, false, 1.0}, {"sums", {channels, 1, 1}, 16, true, 1.0}};
    network.output = 1;
    node.name = "node";
    node.input = {0, 0, node.input_shape.channels};
    node.input_bits = bits;
    node.output_shape = network.tensors[1].shape;
    node.destinations.push_back({1, 0, std::vector<ChannelRequantizer>(static_cast<std::size_t>(channels))});
    network.nodes.push_back(std::move(node));
    return network;
}

/// Integers near the top of an unsigned range.
std::vector<std::int32_t> bright_image(const QuantizedNetwork& network, std::mt19937_64& generator) {
    const QuantizedTensor& input = network.tensors[0];
    std::vector<std::int32_t> image(static_cast<std::size_t>(input.shape.elements()));
    const std::int64_t high = input.range().high;
    for (auto& value : image) value = static_cast<std::int32_t>(high - static_cast<std::int64_t>(generator() % 9));
    return image;
}

void check_last_bits(QuantizedNetwork& network, const std::vector<std::int32_t>& image, std::int64_t least) {
    const IntegerTensor input{network.tensors[0].shape, image};
    const auto sums = reference_accumulate(network, network.nodes[0], input);
    std::vector<std::int32_t> expected;
    for (std::size_t channel = 0; channel < sums.size(); ++channel) {
        REQUIRE(sums[channel] > least);
        network.nodes[0].destinations[0].channels[channel].bias = static_cast<std::int64_t>(channel) - sums[channel];
        expected.push_back(static_cast<std::int32_t>(channel));
    }
    REQUIRE(IntegerEngine(network).run(image) == expected);
}

}  // namespace

TEST_CASE("Long 8-bit reductions are exact to the last bit") {
    std::mt19937_64 generator(1);
    for (const std::int64_t depth : {600, 1000, 2048, 4608, 25'088}) {
        QuantizedNode node;
        node.op = QuantizedOp::convolution;
        node.input_shape = {depth, 1, 1};
        node.weight_bits = 8;
        for (std::int64_t i = 0; i < 20 * depth; ++i) {
            node.weights.push_back(static_cast<std::int16_t>(127 - static_cast<int>(generator() % 7)));
        }
        QuantizedNetwork network = one_node(node, 8, 20);
        INFO("K = " << depth);
        check_last_bits(network, bright_image(network, generator), std::int64_t{1} << 24);
    }
}

TEST_CASE("16-bit reductions are exact to the last bit") {
    std::mt19937_64 generator(2);
    QuantizedNode node;
    node.op = QuantizedOp::convolution;
    node.input_shape = {500, 3, 3};
    node.window.kernel_height = node.window.kernel_width = 3;
    node.weight_bits = 16;
    for (int i = 0; i < 20 * 4500; ++i) {
        node.weights.push_back(static_cast<std::int16_t>(32'767 - static_cast<int>(generator() % 7)));
    }
    QuantizedNetwork network = one_node(node, 16, 20);
    check_last_bits(network, bright_image(network, generator), std::int64_t{1} << 40);
}

TEST_CASE("Average pooling of large 16-bit maps is exact to the last bit") {
    std::mt19937_64 generator(3);
    QuantizedNode node;
    node.op = QuantizedOp::average_pool;
    node.adaptive = true;
    node.input_shape = {10, 21, 21};
    node.window.kernel_height = node.window.kernel_width = 21;
    QuantizedNetwork network = one_node(node, 16, 10);
    check_last_bits(network, bright_image(network, generator), std::int64_t{1} << 24);
}

}  // namespace npusim
