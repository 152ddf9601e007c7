// Which graph nodes become one integer node, and what is stored at which precision.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <stdexcept>

#include "npusim/models/graph/network_builder.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/quantizer.h"

namespace npusim {

namespace {

PrecisionSpec four_bits() {
    PrecisionSpec precision;
    precision.weight_bits = precision.activation_bits = 4;
    return precision;
}

std::vector<std::string> names(const QuantizedNetwork& network) {
    std::vector<std::string> all;
    for (const auto& node : network.nodes) all.push_back(node.name);
    return all;
}

const QuantizedNode& node_called(const QuantizedNetwork& network, const std::string& name) {
    for (const auto& node : network.nodes) {
        if (node.name == name) return node;
    }
    throw std::runtime_error("no node " + name);
}

std::set<int> stored_bits(const QuantizedNetwork& network, const std::string& name) {
    std::set<int> bits;
    for (const auto& to : node_called(network, name).destinations) bits.insert(network.tensors[to.tensor].bits);
    return bits;
}

Conv2dSpec conv3(std::int64_t channels) {
    return {.out_channels = channels, .kernel_height = 3, .kernel_width = 3, .pad_height = 1, .pad_width = 1};
}

}  // namespace

TEST_CASE("A residual block is two integer nodes: norms, add and ReLUs are theirs") {
    NetworkBuilder b("block", {4, 8, 8});
    const NodeId x = b.relu("relu", b.batch_norm("bn", b.conv2d("conv", b.input(), conv3(4))));
    const NodeId y = b.relu("relu1", b.batch_norm("bn1", b.conv2d("conv1", x, conv3(4))));
    const NodeId z = b.batch_norm("bn2", b.conv2d("conv2", y, conv3(4)));
    const NodeId sum = b.relu("relu2", b.add("add", z, x));
    const NodeId fc = b.linear("fc", b.flatten("flatten", b.adaptive_average_pool("pool", sum, 1, 1)), 5);
    const QuantizedNetwork network = quantize_structure(b.finish(fc), four_bits(), 31);
    CHECK(names(network) == std::vector<std::string>{"conv", "conv1", "conv2", "pool", "fc"});
    const QuantizedNode& conv2 = node_called(network, "conv2");
    REQUIRE(conv2.residual);
    CHECK(conv2.relu);
    CHECK(network.tensors[conv2.residual->tensor].bits == 8);
    // Read by a convolution and by an add: stored at both precisions.
    CHECK(stored_bits(network, "conv") == std::set<int>{4, 8});
    CHECK(stored_bits(network, "conv1") == std::set<int>{4});
    CHECK(stored_bits(network, "conv2") == std::set<int>{8});
    CHECK(stored_bits(network, "fc") == std::set<int>{16});
    CHECK(node_called(network, "conv").weight_bits == 8);
    CHECK(node_called(network, "conv1").weight_bits == 4);
    CHECK(node_called(network, "fc").weight_bits == 8);
    CHECK(node_called(network, "fc").input_bits == 8);
}

TEST_CASE("Of two convolutions that an add joins the first takes it, and runs after the second") {
    NetworkBuilder b("branches", {4, 8, 8});
    const NodeId left = b.batch_norm("bn1", b.conv2d("left", b.input(), conv3(6)));
    const NodeId right = b.batch_norm("bn2", b.conv2d("right", b.input(), conv3(6)));
    const QuantizedNetwork network = quantize_structure(b.finish(b.add("add", left, right)), four_bits(), 31);
    CHECK(names(network) == std::vector<std::string>{"right", "left"});
    CHECK(node_called(network, "left").residual);
    CHECK(!node_called(network, "right").residual);
}

TEST_CASE("A value that others read too keeps its convolution apart from the batch norm behind it") {
    NetworkBuilder b("shared", {4, 8, 8});
    const NodeId conv = b.conv2d("conv", b.input(), conv3(4));
    const NodeId norm = b.relu("relu", b.batch_norm("bn", conv));
    const NodeId other = b.conv2d("other", norm, conv3(4));
    const QuantizedNetwork network = quantize_structure(b.finish(b.add("add", other, conv)), four_bits(), 31);
    CHECK(names(network) == std::vector<std::string>{"conv", "bn", "other"});
    CHECK(node_called(network, "bn").op == QuantizedOp::elementwise);
    CHECK(node_called(network, "bn").relu);
    CHECK(node_called(network, "bn").input_signed);
    CHECK(!node_called(network, "other").input_signed);
}

TEST_CASE("Each layer of a dense block reads the beginning of one tensor that all of them write into") {
    const QuantizedNetwork network = quantize_structure(make_network("densenet161", 64), four_bits(), 31);
    const QuantizedNode& first = node_called(network, "features.denseblock1.denselayer1.norm1");
    const QuantizedNode& last = node_called(network, "features.denseblock1.denselayer6.norm1");
    CHECK(first.input.tensor == last.input.tensor);
    CHECK(first.input.channel_begin == 0);
    CHECK(first.input.channels == 96);
    CHECK(last.input.channels == 96 + 5 * 48);
    CHECK(network.tensors[last.input.tensor].shape.channels == 96 + 6 * 48);
    const QuantizedNode& conv = node_called(network, "features.denseblock1.denselayer2.conv2");
    REQUIRE(conv.destinations.size() == 1);
    CHECK(conv.destinations[0].tensor == last.input.tensor);
    CHECK(conv.destinations[0].channel_begin == 96 + 48);
}

TEST_CASE("Every network of the zoo has a valid structure with the graph's MACs at every precision") {
    for (const auto& entry : zoo()) {
        const Network graph = entry.make(entry.image_size, entry.classes);
        for (const int bits : {1, 2, 4, 8, 16}) {
            PrecisionSpec precision = four_bits();
            precision.weight_bits = precision.activation_bits = bits;
            precision.residual_bits = std::max(bits, 8);
            const QuantizedNetwork network = quantize_structure(graph, precision, 47);
            INFO(entry.name << " at " << bits << " bits");
            REQUIRE_NOTHROW(validate(network));
            std::int64_t macs = 0;
            for (const auto& node : network.nodes) macs += node.macs();
            REQUIRE(macs == count_macs(graph));
            const QuantizedTensor& logits = network.tensors[network.output];
            REQUIRE(logits.bits == 16);
            REQUIRE(logits.shape.elements() == entry.classes);
        }
    }
}

TEST_CASE("A signed tensor asked for in one bit is stored in two, the image among them") {
    NetworkBuilder b("signs", {4, 8, 8});
    const NodeId conv = b.conv2d("conv", b.input(), conv3(8));
    const NodeId relu = b.relu("relu", b.conv2d("conv1", conv, conv3(8)));
    PrecisionSpec precision;
    precision.weight_bits = precision.activation_bits = precision.input_bits = precision.residual_bits = 1;
    precision.first_last_bits = 1;
    const auto network =
        quantize_structure(b.finish(b.conv2d("conv2", b.conv2d("conv3", relu, conv3(8)), conv3(8))), precision, 31);
    CHECK(network.tensors[0].bits == 2);
    CHECK(stored_bits(network, "conv") == std::set<int>{2});
    CHECK(stored_bits(network, "conv1") == std::set<int>{1});
}

}  // namespace npusim
