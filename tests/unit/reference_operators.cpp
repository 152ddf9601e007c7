// The reference operators against the same sums in another form: every input pixel is sent to the outputs that see it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "npusim/models/quantization/reference.h"
#include "support/random_network.h"

namespace npusim {

namespace {

/// For every output pixel along one axis: the kernel positions at which it sees input `at`.
std::vector<std::pair<std::int64_t, std::int64_t>> seen_by(std::int64_t at, std::int64_t kernel, std::int64_t stride,
                                                           std::int64_t dilation, std::int64_t pad,
                                                           std::int64_t outputs) {
    std::vector<std::pair<std::int64_t, std::int64_t>> seen;
    for (std::int64_t k = 0; k < kernel; ++k) {
        const std::int64_t begin = at + pad - k * dilation;
        if (begin >= 0 && begin % stride == 0 && begin / stride < outputs) seen.emplace_back(begin / stride, k);
    }
    return seen;
}

struct Sight {
    std::int64_t out_y, out_x, kernel_y, kernel_x;
};

std::vector<Sight> sights_of(const QuantizedNode& node, std::int64_t y, std::int64_t x) {
    const Window& w = node.window;
    const TensorShape& in = node.input_shape;
    const TensorShape& out = node.output_shape;
    std::vector<Sight> sights;
    if (node.adaptive) {
        // torch's definition: output o covers the inputs from ⌊o·I/O⌋ to ⌈(o+1)·I/O⌉.
        const auto covers = [](std::int64_t o, std::int64_t at, std::int64_t inputs, std::int64_t outputs) {
            return at >= o * inputs / outputs && at * outputs < (o + 1) * inputs;
        };
        for (std::int64_t oy = 0; oy < out.height; ++oy) {
            for (std::int64_t ox = 0; ox < out.width; ++ox) {
                if (covers(oy, y, in.height, out.height) && covers(ox, x, in.width, out.width)) {
                    sights.push_back({oy, ox, 0, 0});
                }
            }
        }
        return sights;
    }
    for (const auto& [oy, ky] :
         seen_by(y, w.kernel_height, w.stride_height, w.dilation_height, w.pad_top, out.height)) {
        for (const auto& [ox, kx] :
             seen_by(x, w.kernel_width, w.stride_width, w.dilation_width, w.pad_left, out.width)) {
            sights.push_back({oy, ox, ky, kx});
        }
    }
    return sights;
}

std::vector<std::int64_t> scatter(const QuantizedNetwork& network, const QuantizedNode& node,
                                  const IntegerTensor& input) {
    const TensorShape& in = node.input_shape;
    const TensorShape& out = node.output_shape;
    std::map<std::int64_t, std::vector<std::int64_t>> terms;  // by output element
    const auto send = [&](std::int64_t c, std::int64_t y, std::int64_t x, std::int64_t value) {
        terms[(c * out.height + y) * out.width + x].push_back(value);
    };
    for (std::int64_t i = 0; i < in.elements(); ++i) {
        const std::int64_t c = i / (in.height * in.width);
        const std::int64_t y = i / in.width % in.height;
        const std::int64_t x = i % in.width;
        const std::int64_t value = input.values[static_cast<std::size_t>(i)];
        if (node.op == QuantizedOp::elementwise) {
            send(c, y, x, value);
        } else if (node.op == QuantizedOp::slice_pad) {
            const bool kept = y % node.window.stride_height == 0 && x % node.window.stride_width == 0;
            if (kept)
                send(c + node.channels_before, y / node.window.stride_height, x / node.window.stride_width, value);
        } else {
            for (const Sight& s : sights_of(node, y, x)) {
                if (node.op != QuantizedOp::convolution) {
                    send(c, s.out_y, s.out_x, value);
                    continue;
                }
                const std::int64_t depth = in.channels / node.groups;
                const std::int64_t outputs = out.channels / node.groups;
                for (std::int64_t o = c / depth * outputs; o < (c / depth + 1) * outputs; ++o) {
                    const std::int64_t area = node.window.kernel_height * node.window.kernel_width;
                    const std::int64_t at =
                        (o * depth + c % depth) * area + s.kernel_y * node.window.kernel_width + s.kernel_x;
                    send(o, s.out_y, s.out_x, value * node.weights[static_cast<std::size_t>(at)]);
                }
            }
        }
    }
    std::vector<std::int64_t> sums(static_cast<std::size_t>(out.elements()), 0);
    for (const auto& [at, values] : terms) {
        std::int64_t& sum = sums[static_cast<std::size_t>(at)];
        if (node.op == QuantizedOp::max_pool) {
            sum = *std::max_element(values.begin(), values.end());
            continue;
        }
        // The accumulator of a convolution wraps after every addition; elsewhere nothing wraps.
        const int bits = node.op == QuantizedOp::convolution ? network.accumulator_bits : 64;
        for (const std::int64_t value : values) sum = wrap(sum + value, bits);
    }
    return sums;
}

}  // namespace

TEST_CASE("Reference accumulators equal sums that are scattered from the inputs and wrap at every addition") {
    std::map<QuantizedOp, int> checked;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        test::RandomNetworkOptions options;
        options.seed = seed;
        options.nodes = 4;
        options.max_channels = 6;
        options.max_extent = 7;
        const auto [network, image] = test::random_network(options);
        const auto tensors = reference_run(network, image);
        for (const auto& node : network.nodes) {
            INFO("seed " << seed << ", " << node.name << ", " << name_of(node.op));
            const auto input = read_view(tensors, node.input);
            REQUIRE(reference_accumulate(network, node, input) == scatter(network, node, input));
            ++checked[node.op];
        }
    }
    for (const auto& [op, count] : checked) {
        INFO(name_of(op));
        CHECK(count > 100);
    }
    CHECK(checked.size() == 5);
}

TEST_CASE("The reference writes each destination at its channels, with its own bits, sign and the node's ReLU") {
    QuantizedNetwork network;
    network.accumulator_bits = 16;
    network.tensors = {
        {"image", {2, 1, 1}, 8, true, 0.1}, {"wide", {4, 1, 1}, 8, true, 0.1}, {"narrow", {2, 1, 1}, 2, false, 0.1}};
    QuantizedNode node;
    node.name = "add";
    node.input = {0, 0, 2};
    node.residual = TensorView{0, 0, 2};
    node.input_shape = node.output_shape = {2, 1, 1};
    node.input_bits = 8;
    node.input_signed = true;
    node.destinations = {{1, 2, {{1, 0, 0, 0}, {2, 1, 3, 0}}}, {2, 0, {{1, 0, 0, 0}, {1, 0, 0, 3}}}};
    network.nodes.push_back(node);
    const std::vector<std::int32_t> image{-5, 20};
    const auto tensors = reference_run(network, image);
    CHECK(tensors[1].values == std::vector<std::int32_t>{0, 0, -5, 63});
    CHECK(tensors[2].values == std::vector<std::int32_t>{0, 3});
    network.nodes[0].relu = true;
    CHECK(reference_run(network, image)[1].values == std::vector<std::int32_t>{0, 0, 0, 63});
}

TEST_CASE("A view is the channels that it names") {
    const std::vector<IntegerTensor> tensors{{{3, 1, 2}, {1, 2, 3, 4, 5, 6}}};
    const IntegerTensor view = read_view(tensors, {0, 1, 2});
    CHECK(view.shape == TensorShape{2, 1, 2});
    CHECK(view.values == std::vector<std::int32_t>{3, 4, 5, 6});
    CHECK(view.at(1, 0, 1) == 6);
}

}  // namespace npusim
