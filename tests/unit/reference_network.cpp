// What a quantized network says about itself: counts, accumulator bounds, and what validate refuses.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "npusim/base/error.h"
#include "npusim/models/quantization/reference.h"
#include "support/random_network.h"

namespace npusim {

namespace {

/// The image on which output channel `channel` of a linear layer reaches its largest (or smallest) sum.
std::vector<std::int32_t> worst_image(const QuantizedNode& node, std::int64_t channel, bool largest) {
    const IntegerRange range = activation_range(node.input_bits, node.input_signed);
    const std::int64_t depth = node.reduction_size();
    std::vector<std::int32_t> image;
    for (std::int64_t k = 0; k < depth; ++k) {
        const bool positive = node.weights[static_cast<std::size_t>(channel * depth + k)] > 0;
        image.push_back(static_cast<std::int32_t>(positive == largest ? range.high : range.low));
    }
    return image;
}

struct Extremes {
    std::int64_t low = 0;
    std::int64_t high = 0;
};

Extremes reached_sums(const QuantizedNetwork& network) {
    const QuantizedNode& node = network.nodes.front();
    Extremes reached;
    for (std::int64_t channel = 0; channel < node.output_shape.channels; ++channel) {
        for (const bool largest : {false, true}) {
            const IntegerTensor image{node.input_shape, worst_image(node, channel, largest)};
            for (const std::int64_t sum : reference_accumulate(network, node, image)) {
                reached = {std::min(reached.low, sum), std::max(reached.high, sum)};
            }
        }
    }
    return reached;
}

test::RandomNetworkOptions one_linear_layer(std::uint64_t seed) {
    test::RandomNetworkOptions options;
    options.seed = seed;
    options.nodes = 0;
    options.max_extent = 4;
    options.concatenation = false;
    options.narrow_accumulators = false;
    return options;
}

}  // namespace

TEST_CASE("The accumulator bound is reached by the worst image and not exceeded, and its width is the narrowest") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        INFO("seed " << seed);
        QuantizedNetwork network = test::random_network(one_linear_layer(seed)).first;
        network.tensors[0].is_signed = network.nodes[0].input_signed = seed % 2 == 0;
        const QuantizedNode& node = network.nodes.front();
        const AccumulatorBound bound = accumulator_bound(network, node);
        network.accumulator_bits = 47;
        const Extremes exact = reached_sums(network);
        REQUIRE(bound.largest_magnitude == std::max(-exact.low, exact.high));
        network.accumulator_bits = bound.safe_bits;
        const Extremes held = reached_sums(network);
        REQUIRE((held.low == exact.low && held.high == exact.high));
        const bool narrower_holds =
            wrap(exact.low, bound.safe_bits - 1) == exact.low && wrap(exact.high, bound.safe_bits - 1) == exact.high;
        REQUIRE((bound.safe_bits == 1 || !narrower_holds));
    }
}

TEST_CASE("Without weights the accumulator bound follows from the widths and the reduction size") {
    QuantizedNetwork network = test::random_network(one_linear_layer(7)).first;
    QuantizedNode& node = network.nodes.front();
    node.weights.clear();
    node.input_shape = {64, 3, 3};
    node.window.kernel_height = node.window.kernel_width = 3;
    node.weight_bits = 4;
    node.input_bits = 4;
    node.input_signed = false;
    CHECK(accumulator_bound(network, node).largest_magnitude == 576 * 7 * 15);
    CHECK(accumulator_bound(network, node).safe_bits == 17);
    node.input_signed = true;
    CHECK(accumulator_bound(network, node).largest_magnitude == 576 * 7 * 7);
    node.op = QuantizedOp::average_pool;
    CHECK(accumulator_bound(network, node).largest_magnitude == 9 * 7);
    node.op = QuantizedOp::elementwise;
    CHECK(accumulator_bound(network, node).largest_magnitude == 7);
    CHECK(accumulator_bound(network, node).safe_bits == 4);
}

TEST_CASE("Weights, their bits and multiply-accumulates are counted with and without the weights themselves") {
    QuantizedNetwork network;
    QuantizedNode node;
    node.op = QuantizedOp::convolution;
    node.input_shape = {8, 5, 5};
    node.output_shape = {12, 3, 3};
    node.window.kernel_height = 3;
    node.window.kernel_width = 2;
    node.groups = 4;
    node.weight_bits = 3;
    network.nodes = {node, node};
    network.nodes[1].op = QuantizedOp::max_pool;
    CHECK(network.nodes[0].reduction_size() == 12);
    CHECK(network.nodes[0].macs() == 12 * 9 * 12);
    CHECK(network.nodes[1].macs() == 0);
    CHECK(network.weight_count() == 144);
    CHECK(network.weight_bits_total() == 432);
    CHECK_FALSE(network.has_weights());
    network.nodes[0].weights.resize(144, 1);
    CHECK(network.has_weights());
}

TEST_CASE("Random networks of every kind are valid") {
    int residuals = 0;
    int parts = 0;
    int two_destinations = 0;
    int grouped = 0;
    int dilated = 0;
    int one_sided = 0;
    int ceil_modes = 0;
    int adaptive = 0;
    std::set<std::pair<int, int>> widths;
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        test::RandomNetworkOptions options;
        options.seed = seed;
        const auto network = test::random_network(options).first;
        INFO("seed " << seed);
        REQUIRE_NOTHROW(validate(network));
        for (const auto& node : network.nodes) {
            const Window& w = node.window;
            residuals += node.residual ? 1 : 0;
            parts += node.input.channels < network.tensors[node.input.tensor].shape.channels ? 1 : 0;
            two_destinations += node.destinations.size() > 1 ? 1 : 0;
            grouped += node.groups > 1 ? 1 : 0;
            dilated += w.dilation_height > 1 ? 1 : 0;
            one_sided += w.pad_left != w.pad_right ? 1 : 0;
            ceil_modes += w.ceil_mode ? 1 : 0;
            adaptive += node.adaptive ? 1 : 0;
            if (node.op == QuantizedOp::convolution) widths.emplace(node.weight_bits, node.input_bits);
        }
    }
    for (const int count : {residuals, parts, two_destinations, grouped, dilated, one_sided, ceil_modes, adaptive}) {
        CHECK(count > 50);
    }
    CHECK(widths.size() == 81);
}

TEST_CASE("Same options, same random network and image; another seed, another network") {
    test::RandomNetworkOptions options;
    options.seed = 11;
    const auto [first, first_image] = test::random_network(options);
    const auto [second, second_image] = test::random_network(options);
    options.seed = 12;
    const auto [other, other_image] = test::random_network(options);
    CHECK(first_image == second_image);
    CHECK(first.nodes.back().weights == second.nodes.back().weights);
    CHECK(reference_run(first, first_image).back().values == reference_run(second, second_image).back().values);
    CHECK(other_image != first_image);
}

TEST_CASE("A network that breaks a rule is refused with the name of the node") {
    test::RandomNetworkOptions options;
    options.seed = 5;
    options.nodes = 2;
    options.weight_bits = {4};
    options.ops = {QuantizedOp::convolution};
    options.groups = options.concatenation = options.several_destinations = false;
    const QuantizedNetwork valid = test::random_network(options).first;
    REQUIRE_NOTHROW(validate(valid));
    using Change = std::function<void(QuantizedNode&)>;
    const std::vector<std::pair<std::string, Change>> changes{
        {"missing input tensor", [](auto& node) { node.input.tensor = 99; }},
        {"channels outside the tensor", [](auto& node) { node.input.channel_begin = 1; }},
        {"other bits than the tensor", [](auto& node) { node.input_bits += 1; }},
        {"other sign than the tensor", [](auto& node) { node.input_signed = !node.input_signed; }},
        {"a shape that is not the tensor's", [](auto& node) { node.input_shape.height += 1; }},
        {"a shape that the window does not give", [](auto& node) { node.output_shape.width += 1; }},
        {"stride 0", [](auto& node) { node.window.stride_width = 0; }},
        {"a negative padding", [](auto& node) { node.window.pad_top = -1; }},
        {"groups that do not divide", [](auto& node) { node.groups = 97; }},
        {"9-bit weights", [](auto& node) { node.weight_bits = 9; }},
        {"a weight too many", [](auto& node) { node.weights.push_back(0); }},
        {"a weight out of range", [](auto& node) { node.weights[0] = -8; }},
        {"a zero among one-bit weights",
         [](auto& node) {
             node.weight_bits = 1;
             std::fill(node.weights.begin(), node.weights.end(), std::int16_t{0});
         }},
        {"no destination", [](auto& node) { node.destinations.clear(); }},
        {"a missing destination tensor", [](auto& node) { node.destinations[0].tensor = 99; }},
        {"a destination that is the image", [](auto& node) { node.destinations[0].tensor = 0; }},
        {"two results at one place", [](auto& node) { node.destinations.push_back(node.destinations[0]); }},
        {"a requantizer too few", [](auto& node) { node.destinations[0].channels.pop_back(); }},
        {"a shift of 49", [](auto& node) { node.destinations[0].channels[0].shift = 49; }},
        {"a multiplier of 17 bits", [](auto& node) { node.destinations[0].channels[0].multiplier = 1 << 15; }},
        {"a bias of 2^60", [](auto& node) { node.destinations[0].channels[0].bias = std::int64_t{1} << 60; }},
        {"a residual that is not written",
         [](auto& node) {
             node.residual = TensorView{3, 0, 1};
         }},
        {"weights without a convolution", [](auto& node) { node.op = QuantizedOp::max_pool; }},
    };
    for (const auto& [what, change] : changes) {
        INFO(what);
        QuantizedNetwork broken = valid;
        change(broken.nodes[1]);
        try {
            validate(broken);
            FAIL_CHECK("it was accepted");
        } catch (const InputError& error) {
            CHECK(std::string(error.what()).find("node1") != std::string::npos);
        }
    }
}

TEST_CASE("A network with a wrong order, width or output is refused") {
    test::RandomNetworkOptions options;
    options.seed = 5;
    options.nodes = 2;
    const QuantizedNetwork valid = test::random_network(options).first;
    REQUIRE_NOTHROW(validate(valid));
    const auto refuses = [&](const std::function<void(QuantizedNetwork&)>& change) {
        QuantizedNetwork broken = valid;
        change(broken);
        CHECK_THROWS_AS(validate(broken), InputError);
    };
    refuses([](auto& network) { network.output = 99; });
    refuses([](auto& network) { network.tensors.clear(); });
    refuses([](auto& network) { network.tensors[1].bits = 9; });
    refuses([](auto& network) { network.tensors[1].bits = 32; });
    refuses([](auto& network) { network.tensors[1].step = -1; });
    refuses([](auto& network) { network.accumulator_bits = 1; });
    refuses([](auto& network) { network.accumulator_bits = 48; });
    refuses([](auto& network) { network.nodes.pop_back(); });
    refuses([](auto& network) { network.nodes.erase(network.nodes.begin()); });
}

}  // namespace npusim
