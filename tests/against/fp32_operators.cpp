// Operators of the fp32 executor against direct sums in double, and against what PyTorch 1.13 printed.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "npusim/base/error.h"
#include "npusim/models/engine/float_executor.h"
#include "npusim/models/graph/network_builder.h"

namespace npusim {

namespace {

/// Values of one image of a network whose last node is `output`.
std::vector<float> run_node(NetworkBuilder& builder, NodeId output, const Parameters& parameters,
                            const std::vector<float>& image) {
    const Network network = builder.finish(output);
    return FloatExecutor(network, parameters).run(image);
}

class Draw {
public:
    explicit Draw(std::uint64_t seed) : generator_(seed) {}
    std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(generator_() % static_cast<std::uint64_t>(high - low + 1));
    }
    std::vector<float> floats(std::int64_t count) {
        std::vector<float> values;
        for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(between(-1000, 1000)) / 500.0F);
        return values;
    }

private:
    std::mt19937_64 generator_;
};

struct Convolution {
    TensorShape in;
    TensorShape out;
    Window window;
    std::int64_t groups = 1;
};

double convolve_at(const Convolution& conv, const std::vector<float>& image, const std::vector<float>& weights,
                   std::int64_t o, std::int64_t y, std::int64_t x) {
    const Window& w = conv.window;
    const std::int64_t depth = conv.in.channels / conv.groups;
    const std::int64_t first = o / (conv.out.channels / conv.groups) * depth;
    double sum = 0;
    for (std::int64_t c = 0; c < depth; ++c) {
        for (std::int64_t ky = 0; ky < w.kernel_height; ++ky) {
            for (std::int64_t kx = 0; kx < w.kernel_width; ++kx) {
                const std::int64_t iy = y * w.stride_height - w.pad_top + ky * w.dilation_height;
                const std::int64_t ix = x * w.stride_width - w.pad_left + kx * w.dilation_width;
                if (iy < 0 || iy >= conv.in.height || ix < 0 || ix >= conv.in.width) continue;
                const auto pixel = static_cast<std::size_t>(((first + c) * conv.in.height + iy) * conv.in.width + ix);
                const auto at =
                    static_cast<std::size_t>(((o * depth + c) * w.kernel_height + ky) * w.kernel_width + kx);
                sum += static_cast<double>(image[pixel]) * weights[at];
            }
        }
    }
    return sum;
}

Convolution draw_convolution(Draw& draw) {
    Convolution conv;
    conv.groups = draw.between(1, 3);
    conv.in = {conv.groups * draw.between(1, 5), draw.between(5, 14), draw.between(5, 14)};
    conv.out.channels = conv.groups * draw.between(1, 6);
    const auto small = [&] { return draw.between(0, 3); };
    conv.window = {draw.between(1, 3),
                   draw.between(1, 3),
                   draw.between(1, 3),
                   draw.between(1, 3),
                   draw.between(1, 2),
                   draw.between(1, 2),
                   small(),
                   small(),
                   small(),
                   small()};
    return conv;
}

void check_values(const std::vector<float>& values, const std::vector<double>& expected) {
    REQUIRE(values.size() == expected.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        INFO("element " << i);
        CHECK(static_cast<double>(values[i]) == Approx(expected[i]).margin(2e-5));
    }
}

/// A map of 6×6 small integers in no order; PyTorch's results below are for it.
std::vector<float> mixed_map() {
    std::vector<float> map;
    for (int i = 0; i < 36; ++i) map.push_back(static_cast<float>(i * 7 % 23 - 9));
    return map;
}

std::vector<float> pool_mixed_map(bool is_max, const Window& window) {
    NetworkBuilder builder("pool", {1, 6, 6});
    const NodeId pool = is_max ? builder.max_pool("pool", builder.input(), window)
                               : builder.average_pool("pool", builder.input(), window);
    return run_node(builder, pool, {}, mixed_map());
}

}  // namespace

TEST_CASE("Convolutions with groups, dilation, strides and uneven padding equal direct sums") {
    Draw draw(1);
    for (int i = 0; i < 150; ++i) {
        INFO("convolution " << i);
        Convolution conv = draw_convolution(draw);
        const bool bias = draw.between(0, 1) == 1;
        NetworkBuilder builder("conv", conv.in);
        const NodeId node = builder.conv2d("conv", builder.input(), conv.out.channels, conv.window, conv.groups, bias);
        conv.out = builder.shape(node);
        const std::vector<std::int64_t> shape{conv.out.channels, conv.in.channels / conv.groups,
                                              conv.window.kernel_height, conv.window.kernel_width};
        Parameters parameters;
        const auto weights = draw.floats(shape[0] * shape[1] * shape[2] * shape[3]);
        const auto biases = draw.floats(conv.out.channels);
        parameters["conv.weight"] = {shape, weights};
        if (bias) parameters["conv.bias"] = {{conv.out.channels}, biases};
        const auto image = draw.floats(conv.in.elements());
        const auto values = run_node(builder, node, parameters, image);
        std::vector<double> expected;
        for (std::int64_t o = 0; o < conv.out.channels; ++o) {
            for (std::int64_t y = 0; y < conv.out.height; ++y) {
                for (std::int64_t x = 0; x < conv.out.width; ++x) {
                    const double added = bias ? static_cast<double>(biases[static_cast<std::size_t>(o)]) : 0.0;
                    expected.push_back(convolve_at(conv, image, weights, o, y, x) + added);
                }
            }
        }
        check_values(values, expected);
    }
}

TEST_CASE("A convolution that is cut into several blocks of columns equals direct sums") {
    Draw draw(2);
    const Convolution conv{{40, 50, 33}, {3, 50, 33}, {3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, 1};
    NetworkBuilder builder("conv", conv.in);
    const NodeId node = builder.conv2d("conv", builder.input(), 3, conv.window, 1, false);
    const auto weights = draw.floats(3 * 40 * 9);
    const auto image = draw.floats(conv.in.elements());
    const auto values = run_node(builder, node, {{"conv.weight", {{3, 40, 3, 3}, weights}}}, image);
    REQUIRE(values.size() == 3 * 50 * 33);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i);
        const double expected = convolve_at(conv, image, weights, at / 1650, at / 33 % 50, at % 33);
        REQUIRE(static_cast<double>(values[i]) == Approx(expected).margin(2e-4));
    }
}

TEST_CASE("Pooling equals PyTorch, with and without counted padding and ceil mode") {
    Window window{3, 3, 2, 2, 1, 1, 1, 1, 1, 1};
    check_values(pool_mixed_map(true, window), {10, 12, 12, 13, 13, 11, 9, 12, 10});
    check_values(pool_mixed_map(false, window),
                 {-7.0 / 9, 2, 10.0 / 9, 34.0 / 9, 19.0 / 9, 7.0 / 9, 1, 16.0 / 9, 4.0 / 9});
    window.count_include_pad = false;
    check_values(pool_mixed_map(false, window),
                 {-1.75, 3, 5.0 / 3, 17.0 / 3, 19.0 / 9, 7.0 / 9, 1.5, 16.0 / 9, 4.0 / 9});
    window.ceil_mode = true;
    check_values(pool_mixed_map(true, window), {10, 12, 12, 3, 13, 13, 11, -1, 9, 12, 10, 10, 1, 8, 6, 6});
    check_values(pool_mixed_map(false, window), {-1.75, 3, 5.0 / 3, 1, 17.0 / 3, 19.0 / 9, 7.0 / 9, -5, 1.5, 16.0 / 9,
                                                 4.0 / 9, 7.0 / 3, -2.5, 1.0 / 3, -1, 6});
    window.count_include_pad = true;
    check_values(pool_mixed_map(false, window), {-7.0 / 9, 2, 10.0 / 9, 1.0 / 3, 34.0 / 9, 19.0 / 9, 7.0 / 9, -2.5, 1,
                                                 16.0 / 9, 4.0 / 9, 7.0 / 6, -5.0 / 6, 1.0 / 6, -0.5, 1.5});
    const Window dilated{2, 2, 2, 2, 2, 2};
    check_values(pool_mixed_map(true, dilated), {6, 11, 12, 12});
}

TEST_CASE("Adaptive average pooling equals PyTorch where it averages and where it repeats") {
    NetworkBuilder smaller("pool", {1, 6, 6});
    check_values(run_node(smaller, smaller.adaptive_average_pool("pool", 0, 2, 3), {}, mixed_map()),
                 {2, 4.5, -2.0 / 3, 1.5, 1.0 / 6, 8.0 / 3});
    NetworkBuilder larger("pool", {1, 2, 3});
    check_values(run_node(larger, larger.adaptive_average_pool("pool", 0, 4, 6), {}, {0, 1, 2, 3, 4, 5}),
                 {0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 3, 3, 4, 4, 5, 5});
}

TEST_CASE("Batch norm, add, concatenation, slices and linear layers compute what they say") {
    const std::vector<float> image{1, -2, 3, -4, 5, -6, 7, -8};  // two channels of 2×2
    Parameters parameters;
    parameters["bn.weight"] = {{2}, {2, -1}};
    parameters["bn.bias"] = {{2}, {1, 0.5F}};
    parameters["bn.running_mean"] = {{2}, {1, -1}};
    parameters["bn.running_var"] = {{2}, {4, 0.25F}};
    NetworkBuilder norm("norm", {2, 2, 2});
    check_values(run_node(norm, norm.batch_norm("bn", 0, 0.0), parameters, image),
                 {1, -2, 3, -4, -11.5, 10.5, -15.5, 14.5});
    NetworkBuilder sums("sums", {2, 2, 2});
    const NodeId relu = sums.relu("relu", 0);
    const NodeId both = sums.concat("concat", {relu, 0});
    const NodeId dropped = sums.dropout("dropout", both, 0.5);
    const NodeId twice = sums.add("add", dropped, both);
    check_values(run_node(sums, twice, {}, image), {2, 0, 6, 0, 10, 0, 14, 0, 2, -4, 6, -8, 10, -12, 14, -16});
    NetworkBuilder slices("slices", {2, 2, 2});
    check_values(run_node(slices, slices.slice_pad("slice", 0, 2, 4, 1), {}, image), {0, 1, 5, 0});
    NetworkBuilder linear("linear", {2, 2, 2});
    const NodeId fc = linear.linear("fc", linear.flatten("flatten", 0), 2);
    parameters["fc.weight"] = {{2, 8}, {1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1}};
    parameters["fc.bias"] = {{2}, {0.5F, -1}};
    check_values(run_node(linear, fc, parameters, image), {-6.5, -5});
}

TEST_CASE("A missing or misshaped parameter and an image of the wrong size are refused") {
    NetworkBuilder builder("linear", {2, 2, 2});
    const Network network = builder.finish(builder.linear("fc", builder.flatten("flatten", 0), 2, false));
    CHECK_THROWS_WITH(FloatExecutor(network, {}), Catch::Contains("fc.weight"));
    CHECK_THROWS_WITH(FloatExecutor(network, {{"fc.weight", {{8, 2}, std::vector<float>(16)}}}),
                      Catch::Contains("fc.weight"));
    const FloatExecutor executor(network, {{"fc.weight", {{2, 8}, std::vector<float>(16)}}});
    CHECK_THROWS_AS(executor.run(std::vector<float>(7)), InputError);
}

}  // namespace npusim
