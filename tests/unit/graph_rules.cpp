// Shape inference, the builder's checks, and what every network of the zoo must keep.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <set>

#include "npusim/base/error.h"
#include "npusim/models/graph/network_builder.h"
#include "npusim/models/graph/zoo.h"

namespace npusim {
namespace {

using Catch::Matchers::Contains;

Window square(std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
    Window window;
    window.kernel_height = window.kernel_width = kernel;
    window.stride_height = window.stride_width = stride;
    window.pad_top = window.pad_bottom = window.pad_left = window.pad_right = pad;
    return window;
}

/// Counts the windows one by one, in the coordinates of the unpadded input.
std::int64_t windows_by_hand(std::int64_t extent, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                             std::int64_t pad, bool ceil_mode) {
    std::int64_t count = 0;
    for (std::int64_t start = -pad; start < extent + pad; start += stride) {
        std::int64_t last_pixel = start;
        for (std::int64_t tap = 1; tap < kernel; ++tap) last_pixel += dilation;
        const std::int64_t overhang = last_pixel - (extent + pad - 1);
        if (overhang <= 0 || (ceil_mode && overhang < stride && start < extent)) ++count;
    }
    return count;
}

const Node& node_called(const Network& network, const std::string& name) {
    const auto found =
        std::find_if(network.nodes.begin(), network.nodes.end(), [&](const Node& node) { return node.name == name; });
    REQUIRE(found != network.nodes.end());
    return *found;
}

std::vector<std::string> zoo_names() {
    std::vector<std::string> names;
    for (const auto& entry : zoo()) names.push_back(entry.name);
    return names;
}

}  // namespace

TEST_CASE("The output extent equals the number of windows counted one by one, in floor and in ceil mode") {
    const std::int64_t extent = GENERATE(range(1, 13));
    const bool ceil_mode = GENERATE(false, true);
    for (std::int64_t kernel = 1; kernel <= 5; ++kernel) {
        // Pooling, the only user of ceil mode, refuses padding as large as its kernel.
        for (std::int64_t pad = 0; pad <= (ceil_mode ? kernel - 1 : 6); ++pad) {
            for (std::int64_t stride = 1; stride <= 4; ++stride) {
                for (std::int64_t dilation = 1; dilation <= 3; ++dilation) {
                    CAPTURE(extent, kernel, stride, dilation, pad, ceil_mode);
                    const auto output = [&] {
                        return window_output(extent, kernel, stride, dilation, 2 * pad, ceil_mode, "x");
                    };
                    const auto wanted = windows_by_hand(extent, kernel, stride, dilation, pad, ceil_mode);
                    if (wanted == 0) CHECK_THROWS_AS(output(), InputError);
                    if (wanted != 0) CHECK(output() == wanted);
                }
            }
        }
    }
}

TEST_CASE("A window with a number out of range, or larger than its input, is refused with its place") {
    CHECK_THROWS_WITH(window_output(5, 0, 1, 1, 0, false, "net: pool"), Contains("net: pool: kernel: 0"));
    CHECK_THROWS_WITH(window_output(5, 1, 0, 1, 0, false, "net: pool"), Contains("stride: 0"));
    CHECK_THROWS_WITH(window_output(5, 1, 1, -1, 0, false, "net: pool"), Contains("dilation: -1"));
    CHECK_THROWS_WITH(window_output(5, 1, 1, 1, -2, false, "net: pool"), Contains("padding: -2"));
    CHECK_THROWS_WITH(window_output(0, 1, 1, 1, 0, false, "net: pool"), Contains("extent: 0"));
    CHECK_THROWS_WITH(window_output(5, 3, 1, 3, 0, false, "net: pool"), Contains("spans 7 pixels"));
    CHECK_THROWS_AS(window_output(5, INT64_MAX, 1, INT64_MAX, 0, true, "net: pool"), InputError);
}

TEST_CASE("Padding of different sizes on opposite sides counts in full") {
    NetworkBuilder net("net", {3, 32, 31});
    Window same = square(3, 2, 0);
    same.pad_bottom = same.pad_right = same.pad_left = 1;
    CHECK(net.shape(net.conv2d("conv", net.input(), 8, same, 1, true)) == TensorShape{8, 16, 16});
    same.ceil_mode = true;
    CHECK_THROWS_WITH(net.max_pool("pool", net.input(), same), Contains("net: pool: ceil mode"));
}

TEST_CASE("Each operation infers its output shape") {
    NetworkBuilder net("net", {4, 10, 7});
    Conv2dSpec spec;
    spec.out_channels = 6;
    spec.kernel_height = 3;
    spec.stride = 2;
    spec.pad_height = 1;
    spec.groups = 2;
    const NodeId conv = net.conv2d("conv", net.input(), spec);
    CHECK(net.shape(conv) == TensorShape{6, 5, 4});
    CHECK(net.shape(net.relu("relu", net.batch_norm("norm", conv))) == TensorShape{6, 5, 4});
    CHECK(net.shape(net.max_pool("max", net.input(), square(2, 2, 0))) == TensorShape{4, 5, 3});
    Window ceil = square(2, 2, 0);
    ceil.ceil_mode = true;
    const NodeId pooled = net.average_pool("mean", net.input(), ceil);
    CHECK(net.shape(pooled) == TensorShape{4, 5, 4});
    CHECK(net.shape(net.concat("cat", {conv, pooled, conv})) == TensorShape{16, 5, 4});
    CHECK(net.shape(net.add("add", conv, conv)) == TensorShape{6, 5, 4});
    CHECK(net.shape(net.slice_pad("slice", net.input(), 2, 8, 2)) == TensorShape{8, 5, 4});
    CHECK(net.shape(net.adaptive_average_pool("down", net.input(), 5, 1)) == TensorShape{4, 5, 1});
    CHECK(net.shape(net.adaptive_average_pool("up", net.input(), 20, 7)) == TensorShape{4, 20, 7});
    const NodeId flat = net.dropout("drop", net.flatten("flat", conv), 0.5);
    CHECK(net.shape(flat) == TensorShape{120, 1, 1});
    const Network network = net.finish(net.linear("fc", flat, 9));
    CHECK(network.classes() == 9);
    CHECK(network.input_shape() == TensorShape{4, 10, 7});
    CHECK(parameters_of(network, node_called(network, "conv")).front().shape == std::vector<std::int64_t>{6, 2, 3, 1});
    CHECK(count_macs(network) == 6 * 5 * 4 * 2 * 3 + 120 * 9);
    CHECK(count_parameters(network) == 6 * 2 * 3 + 2 * 6 + 120 * 9 + 9);
}

TEST_CASE("The builder refuses a mismatch and names the network and the node") {
    NetworkBuilder net("net", {4, 10, 10});
    const NodeId half = net.max_pool("half", net.input(), square(2, 2, 0));
    Conv2dSpec spec;
    spec.out_channels = 6;
    spec.groups = 4;
    CHECK_THROWS_WITH(net.conv2d("conv", half, spec), Contains("net: conv: 4 groups do not divide 4 input and 6"));
    spec.groups = 1;
    spec.kernel_height = 6;
    CHECK_THROWS_WITH(net.conv2d("conv", half, spec), Contains("net: conv: height: the window spans 6"));
    CHECK_THROWS_WITH(net.add("sum", net.input(), half), Contains("net: sum: adds 4x10x10 and 4x5x5"));
    CHECK_THROWS_WITH(net.concat("cat", {half, net.input()}), Contains("net: cat: joins 4x5x5 and 4x10x10"));
    CHECK_THROWS_WITH(net.concat("cat", {}), Contains("net: cat: joins nothing"));
    CHECK_THROWS_WITH(net.linear("fc", half, 10), Contains("net: fc: takes 4x5x5, but needs a flattened input"));
    CHECK_THROWS_WITH(net.slice_pad("cut", half, 2, 5, 2), Contains("net: cut: 2 zero channels and 4 copied"));
    CHECK_THROWS_WITH(net.slice_pad("cut", half, 0, 8, 2), Contains("net: cut: stride 0"));
    CHECK_THROWS_WITH(net.dropout("drop", half, 1.5), Contains("net: drop: drop probability 1.5"));
    CHECK_THROWS_WITH(net.batch_norm("norm", half, -1.0), Contains("net: norm: epsilon -1"));
    CHECK_THROWS_WITH(net.max_pool("pool", half, square(2, 2, 2)), Contains("net: pool: the padding is not smaller"));
    CHECK_THROWS_WITH(net.max_pool("pool", half, square(2, 2, -1)), Contains("net: pool: a padding is negative"));
    CHECK_THROWS_WITH(net.relu("half", half), Contains("net: half: another node has this name"));
    CHECK_THROWS_WITH(net.relu("", half), Contains("a node needs a name"));
}

TEST_CASE("Empty and enormous tensors are refused") {
    CHECK_THROWS_WITH(NetworkBuilder("net", {0, 8, 8}), Contains("net: input: the shape 0x8x8 is empty"));
    CHECK_THROWS_WITH(NetworkBuilder("net", {3, INT64_MAX, INT64_MAX}), Contains("too large"));
    CHECK_THROWS_WITH(NetworkBuilder("net", {1, max_tensor_elements, 2}), Contains("too large"));
    NetworkBuilder net("net", {1, max_tensor_elements, 1});
    CHECK_THROWS_WITH(net.linear("fc", net.flatten("flat", net.input()), 2), Contains("net: fc: the weight"));
    CHECK_THROWS_WITH(net.linear("none", net.adaptive_average_pool("pool", net.input(), 1, 1), 0), Contains("empty"));
}

TEST_CASE("Adaptive pooling takes exactly the sizes whose windows are all alike, and says which") {
    for (std::int64_t out = 1; out <= 12; ++out) {
        for (std::int64_t in = 1; in <= 30; ++in) {
            std::set<std::int64_t> lengths;
            for (std::int64_t i = 0; i < out; ++i) lengths.insert(((i + 1) * in + out - 1) / out - i * in / out);
            NetworkBuilder net("net", {2, in, 1});
            CAPTURE(in, out);
            if (in % out == 0 || out % in == 0) {
                CHECK(lengths.size() == 1);
                CHECK(net.shape(net.adaptive_average_pool("pool", 0, out, 1)).height == out);
            } else {
                CHECK_THROWS_WITH(net.adaptive_average_pool("pool", 0, out, 1),
                                  Contains("net: pool: ") && Contains("any multiple of " + std::to_string(out)));
            }
        }
    }
    NetworkBuilder net("net", {2, 6, 4});
    CHECK_THROWS_WITH(net.adaptive_average_pool("pool", 0, 6, 6), Contains("widths that work: 1, 2, 3, any multiple"));
}

TEST_CASE("A node at inference cannot depend on the auxiliary head") {
    NetworkBuilder net("net", {2, 4, 4});
    net.set_training_only(true);
    const NodeId head = net.relu("head", net.input());
    net.set_training_only(false);
    CHECK_THROWS_WITH(net.relu("main", head), Contains("net: main: takes its input from \"head\""));
    CHECK_THROWS_AS(net.finish(head), InputError);
}

TEST_CASE("Every network of the zoo has unique names, earlier inputs, one input node and no idle node") {
    const auto name = GENERATE(from_range(zoo_names()));
    const Network network = make_network(name);
    CAPTURE(name);
    CHECK(network.name == name);
    std::set<std::string> names;
    std::vector<bool> used(network.nodes.size(), false);
    used.at(network.output) = true;
    for (NodeId id = 0; id < network.nodes.size(); ++id) {
        const Node& node = network.node(id);
        CHECK(names.insert(node.name).second);
        CHECK((node.op == OpKind::input) == (id == 0));
        CHECK(node.inputs.empty() == (id == 0));
        for (const auto input : node.inputs) {
            REQUIRE(input < id);
            used.at(input) = true;
            if (!node.training_only) CHECK_FALSE(network.node(input).training_only);
        }
    }
    for (NodeId id = 0; id < network.nodes.size(); ++id) {
        if (!used[id]) CHECK(network.node(id).name == "AuxLogits.fc");
    }
}

TEST_CASE("The zoo's networks build at small sizes with the same parameters, and refuse one pixel less") {
    const auto name = GENERATE(from_range(zoo_names()));
    const ZooEntry& entry = zoo_entry(name);
    CAPTURE(name);
    const Network small = make_network(name, entry.min_image_size);
    CHECK(small.input_shape() == TensorShape{3, entry.min_image_size, entry.min_image_size});
    CHECK(count_macs(small) < count_macs(make_network(name)));
    for (const auto& spec : parameters_of(small)) CHECK(spec.name.rfind("AuxLogits", 0) != 0);
    std::int64_t head = 0;
    const Network network = make_network(name);
    for (const auto& node : network.nodes) {
        if (!node.training_only) continue;
        for (const auto& spec : parameters_of(network, node)) head += spec.trainable ? 1 : 0;
    }
    CHECK((head > 0) == (name == "inception_v3"));
    if (head == 0) CHECK(count_parameters(small) == count_parameters(network));
    for (const std::int64_t size : {entry.min_image_size - 1, std::int64_t{0}, std::int64_t{-32}, INT64_MAX}) {
        CHECK_THROWS_AS(make_network(name, size), InputError);
    }
    CHECK_THROWS_WITH(entry.make(entry.image_size, 0), Contains("classes: 0"));
}

TEST_CASE("Networks build at sizes between the smallest and the published one") {
    for (const std::int64_t size : {32, 33, 47, 64, 97, 224, 331}) {
        for (const char* name : {"resnet18", "resnet50", "densenet161"})
            CHECK(make_network(name, size).classes() == 1000);
    }
    for (const std::int64_t size : {75, 107, 298, 299, 300, 331}) {
        const Network network = make_network("inception_v3", size);
        CAPTURE(size);
        const bool has_head = std::any_of(network.nodes.begin(), network.nodes.end(),
                                          [](const Node& node) { return node.training_only; });
        CHECK(has_head == (size >= 299));
    }
    CHECK(make_network("vgg16_bn", 448).classes() == 1000);
    CHECK_THROWS_WITH(make_network("vgg16_bn", 64), Contains("64 px") && Contains("32 and multiples of 224"));
    CHECK_THROWS_WITH(make_network("vgg16_bn", 225), Contains("225 px"));
    CHECK_THROWS_WITH(make_network("resnet20", 30), Contains("multiples of 4"));
    CHECK_THROWS_WITH(make_network("inception_v3", 74), Contains("inception_v3: image size: 74") && Contains("75"));
}

TEST_CASE("An unknown network is refused with the nearest names and the whole list") {
    CHECK_THROWS_WITH(make_network("resnet35"), Contains("did you mean resnet34") && Contains("vgg16_bn"));
    CHECK_THROWS_WITH(make_network("vgg16"), Contains("did you mean vgg16_bn"));
    CHECK_THROWS_AS(zoo_entry(""), InputError);
}

TEST_CASE("A dense layer reads a prefix of what the next layer reads") {
    const Network network = make_network("densenet161", 64);
    const std::string block = "features.denseblock2";
    std::vector<NodeId> previous = node_called(network, block + ".denselayer2.cat").inputs;
    CHECK(previous.size() == 2);
    CHECK(network.node(previous.front()).name == "features.transition1.pool");
    for (int layer = 3; layer <= 13; ++layer) {
        const std::string name = layer <= 12 ? block + ".denselayer" + std::to_string(layer) + ".cat" : block + ".cat";
        const auto& inputs = node_called(network, name).inputs;
        REQUIRE(inputs.size() == previous.size() + 1);
        CHECK(std::equal(previous.begin(), previous.end(), inputs.begin()));
        CHECK(network.node(inputs.back()).name == block + ".denselayer" + std::to_string(layer - 1) + ".conv2");
        previous = inputs;
    }
    const auto& first = node_called(network, block + ".denselayer1.norm1");
    CHECK(network.node(first.inputs.front()).name == "features.transition1.pool");
}

TEST_CASE("Inception's branch pools keep the size and count their padding, and its norms use epsilon 0.001") {
    const Network network = make_network("inception_v3");
    int branch_pools = 0;
    for (const auto& node : network.nodes) {
        if (node.op == OpKind::batch_norm) CHECK(node.epsilon == 0.001);
        if (node.op != OpKind::average_pool || node.training_only) continue;
        ++branch_pools;
        CHECK(node.window == square(3, 1, 1));
        CHECK(node.window.count_include_pad);
        CHECK(node.shape == network.node(node.inputs.front()).shape);
    }
    CHECK(branch_pools == 9);
    CHECK(node_called(network, "Mixed_6e.cat").shape == TensorShape{768, 17, 17});
    CHECK(node_called(network, "Mixed_7c.cat").shape == TensorShape{2048, 8, 8});
}

TEST_CASE("An option-A shortcut stands only where the channels change, and centres the copied channels") {
    const Network network = make_network("resnet32");
    std::vector<std::string> shortcuts;
    for (const auto& node : network.nodes) {
        if (node.op != OpKind::slice_pad) continue;
        shortcuts.push_back(node.name);
        const auto& in = network.node(node.inputs.front()).shape;
        CHECK(node.slice_stride == 2);
        CHECK(node.shape == TensorShape{2 * in.channels, in.height / 2, in.width / 2});
        CHECK(2 * node.channels_before == node.shape.channels - in.channels);
    }
    CHECK(shortcuts == std::vector<std::string>{"layer2.0.shortcut", "layer3.0.shortcut"});
}

}  // namespace npusim
