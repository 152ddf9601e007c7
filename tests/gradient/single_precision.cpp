// Each layer of the zoo's ImageNet networks alone, in float against double, from the same float inputs: channels as in
// the networks, smaller maps. That the double kernels are right, the gradient checks say.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <iostream>
#include <random>
#include <set>

#include "npusim/models/graph/zoo.h"
#include "npusim/models/layers/batch_norm.h"
#include "npusim/models/layers/conv2d.h"
#include "npusim/models/layers/loss.h"
#include "npusim/models/layers/pooling.h"

using namespace npusim;

namespace {

constexpr double kLargestError = 1e-5;  // relative L2
constexpr std::int64_t kImages = 2;

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

Floats normal_values(std::int64_t elements, double mean, double deviation, unsigned seed) {
    std::minstd_rand random(seed);
    std::normal_distribution<float> normal(static_cast<float>(mean), static_cast<float>(deviation));
    Floats values(static_cast<std::size_t>(elements));
    for (float& value : values) value = normal(random);
    return values;
}

Doubles widened(const Floats& values) {
    return {values.begin(), values.end()};
}

double relative_error(const Floats& values, const Doubles& expected) {
    double distance = 0;
    double size = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const double difference = static_cast<double>(values[i]) - expected[i];
        distance += difference * difference;
        size += expected[i] * expected[i];
    }
    return std::sqrt(distance / size);
}

std::vector<Network> small_networks() {
    std::vector<Network> networks;
    for (const char* name : {"resnet18", "resnet34", "resnet50", "resnet152", "densenet161"}) {
        networks.push_back(make_network(name, 64));
    }
    networks.push_back(make_network("inception_v3", 107));
    networks.push_back(make_network("vgg16_bn", 32));
    networks.push_back(make_network("squeezenet1_1", 67));
    networks.push_back(make_network("fdmobilenet_0_5", 64));
    return networks;
}

ConvShape conv_shape(const Network& network, const Node& node) {
    const TensorShape& in = network.node(node.inputs[0]).shape;
    const Window& w = node.window;
    return {in.height,       in.width,       in.channels,     node.shape.height, node.shape.width,  node.shape.channels,
            w.kernel_height, w.kernel_width, w.stride_height, w.stride_width,    w.dilation_height, w.dilation_width,
            w.pad_top,       w.pad_left,     w.pad_bottom,    w.pad_right,       node.groups};
}

std::set<ConvShape> conv_shapes() {
    std::set<ConvShape> shapes;
    for (const Network& network : small_networks()) {
        for (const Node& node : network.nodes) {
            if (node.op == OpKind::conv2d || node.op == OpKind::linear) shapes.insert(conv_shape(network, node));
        }
    }
    return shapes;
}

template <typename Scalar>
struct Convolution {
    std::vector<Scalar> out, grad_in, grad_weights;

    Convolution(const ConvShape& s, ConvBackend backend, const std::vector<Scalar>& in,
                const std::vector<Scalar>& weights, const std::vector<Scalar>& grad_out)
        : out(grad_out.size()), grad_in(in.size()), grad_weights(weights.size()) {
        ConvWorkspace workspace(backend);
        conv2d_forward(s, kImages, in.data(), weights.data(), out.data(), workspace);
        conv2d_backward_input(s, kImages, grad_out.data(), weights.data(), grad_in.data(), workspace);
        conv2d_backward_weights(s, kImages, in.data(), grad_out.data(), grad_weights.data(), workspace);
    }
};

struct WorstErrors {
    double forward = 0;
    double input = 0;
    double weights = 0;
};

void check_convolution(const ConvShape& s, ConvBackend backend, WorstErrors& worst) {
    const Floats in = normal_values(kImages * s.in_elements(), 0.5, 1.0, 1);
    const Floats weights = normal_values(s.weights(), 0.0, std::sqrt(2.0 / static_cast<double>(s.depth())), 2);
    const Floats grad_out = normal_values(kImages * s.out_elements(), 0.0, 1.0, 3);
    const Convolution<double> expected(s, ConvBackend::eigen, widened(in), widened(weights), widened(grad_out));
    const Convolution<float> got(s, backend, in, weights, grad_out);
    INFO(s.kernel_height << "x" << s.kernel_width << ", " << s.in_channels << " to " << s.out_channels << " channels, "
                         << s.in_height << "x" << s.in_width << " pixels, " << s.groups << " groups");
    const double forward = relative_error(got.out, expected.out);
    const double input = relative_error(got.grad_in, expected.grad_in);
    const double gradient = relative_error(got.grad_weights, expected.grad_weights);
    CHECK(forward <= kLargestError);
    CHECK(input <= kLargestError);
    CHECK(gradient <= kLargestError);
    worst = {std::max(worst.forward, forward), std::max(worst.input, input), std::max(worst.weights, gradient)};
}

void check_convolutions(ConvBackend backend) {
    if (!has_conv_backend(backend)) {
        std::cout << "SKIPPED: this build has no oneDNN\n";
        return;
    }
    WorstErrors worst;
    const std::set<ConvShape> shapes = conv_shapes();
    REQUIRE(shapes.size() > 200);
    for (const ConvShape& shape : shapes) check_convolution(shape, backend, worst);
    std::cout << shapes.size() << " convolutions, largest error forward " << worst.forward << ", input gradient "
              << worst.input << ", weight gradient " << worst.weights << '\n';
}

template <typename Scalar>
struct Normalization {
    std::vector<Scalar> out, grad_in, sums;

    Normalization(std::int64_t pixels, std::int64_t channels, const std::vector<Scalar>& in,
                  const std::vector<Scalar>& gamma, const std::vector<Scalar>& beta,
                  const std::vector<Scalar>& grad_out)
        : out(in.size()), grad_in(in.size()) {
        const auto count = static_cast<std::size_t>(channels);
        Doubles sum(count), squares(count), mean(count), inverse(count), sum_gradient(count), sum_product(count);
        accumulate_statistics(pixels, channels, in.data(), sum.data(), squares.data());
        finish_statistics(pixels, channels, 1e-5, sum.data(), squares.data(), mean.data(), inverse.data());
        const BatchNorm<Scalar> norm{channels, mean.data(), inverse.data(), gamma.data(), beta.data()};
        batch_norm_forward(pixels, in.data(), norm, false, out.data());
        batch_norm_backward_sums<Scalar>(pixels, in.data(), grad_out.data(), norm, false, nullptr, sum_gradient.data(),
                                         sum_product.data());
        batch_norm_backward<Scalar>(pixels, in.data(), grad_out.data(), norm, false, pixels, sum_gradient.data(),
                                    sum_product.data(), grad_in.data());
        for (const Doubles& gradient : {sum_gradient, sum_product}) {
            for (const double value : gradient) sums.push_back(static_cast<Scalar>(value));
        }
    }
};

PoolShape pool_shape(const Network& network, const Node& node) {
    const TensorShape& in = network.node(node.inputs[0]).shape;
    const Window& w = node.window;
    return {in.height,      in.width,        in.channels,    node.shape.height,  node.shape.width, w.kernel_height,
            w.kernel_width, w.stride_height, w.stride_width, w.dilation_height,  w.dilation_width, w.pad_top,
            w.pad_left,     w.pad_bottom,    w.pad_right,    w.count_include_pad};
}

template <typename Scalar>
std::pair<std::vector<Scalar>, std::vector<Scalar>> average(const PoolShape& s, bool adaptive,
                                                            const std::vector<Scalar>& in,
                                                            const std::vector<Scalar>& grad_out) {
    std::vector<Scalar> out(grad_out.size());
    std::vector<Scalar> grad_in(in.size());
    if (adaptive) {
        adaptive_average_pool_forward(s, kImages, in.data(), out.data());
        adaptive_average_pool_backward(s, kImages, grad_out.data(), grad_in.data());
    } else {
        average_pool_forward(s, kImages, in.data(), out.data());
        average_pool_backward(s, kImages, grad_out.data(), grad_in.data());
    }
    return {out, grad_in};
}

void check_average(const PoolShape& s, bool adaptive) {
    const Floats in = normal_values(kImages * s.in_elements(), 0.5, 1.0, 1);
    const Floats grad_out = normal_values(kImages * s.out_elements(), 0.0, 1.0, 3);
    const auto got = average(s, adaptive, in, grad_out);
    const auto expected = average(s, adaptive, widened(in), widened(grad_out));
    CHECK(relative_error(got.first, expected.first) <= kLargestError);
    CHECK(relative_error(got.second, expected.second) <= kLargestError);
}

}  // namespace

TEST_CASE("In float every convolution of the networks is within 1e-5 of double, forward and backward, with Eigen") {
    check_convolutions(ConvBackend::eigen);
}

TEST_CASE("In float every convolution of the networks is within 1e-5 of double, forward and backward, with oneDNN") {
    check_convolutions(ConvBackend::onednn);
}

TEST_CASE("In float batch norm of every width in the networks is within 1e-5 of double, forward and backward") {
    std::set<std::pair<std::int64_t, std::int64_t>> sizes;
    for (const Network& network : small_networks()) {
        for (const Node& node : network.nodes) {
            if (node.op != OpKind::batch_norm) continue;
            sizes.emplace(std::max<std::int64_t>(8, kImages * node.shape.height * node.shape.width),
                          node.shape.channels);
        }
    }
    REQUIRE(sizes.size() > 50);
    for (const auto& [pixels, channels] : sizes) {
        const Floats in = normal_values(pixels * channels, 3.0, 2.0, 1);
        const Floats gamma = normal_values(channels, 1.0, 0.3, 2);
        const Floats beta = normal_values(channels, 0.0, 0.3, 4);
        const Floats grad_out = normal_values(pixels * channels, 0.1, 1.0, 3);
        const Normalization<float> got(pixels, channels, in, gamma, beta, grad_out);
        const Normalization<double> expected(pixels, channels, widened(in), widened(gamma), widened(beta),
                                             widened(grad_out));
        INFO(channels << " channels, " << pixels << " pixels");
        CHECK(relative_error(got.out, expected.out) <= kLargestError);
        CHECK(relative_error(got.grad_in, expected.grad_in) <= kLargestError);
        CHECK(relative_error(got.sums, expected.sums) <= kLargestError);
    }
}

TEST_CASE("In float every average pooling of the networks is within 1e-5 of double, forward and backward") {
    int checked = 0;
    for (const Network& network : small_networks()) {
        for (const Node& node : network.nodes) {
            const bool adaptive = node.op == OpKind::adaptive_average_pool;
            if (!adaptive && node.op != OpKind::average_pool) continue;
            INFO(network.name << ", " << node.name);
            check_average(pool_shape(network, node), adaptive);
            ++checked;
        }
    }
    CHECK(checked > 15);
}

TEST_CASE("In float the loss of 1000 classes is within 1e-5 of double, with its gradient") {
    const Floats logits = normal_values(kImages * 1000, 0.0, 3.0, 1);
    const std::vector<std::int32_t> labels{7, 900};
    Floats gradient(logits.size());
    Doubles expected(logits.size());
    const Loss got = softmax_cross_entropy<float>(kImages, 1000, logits.data(), labels.data(), nullptr, {}, kImages,
                                                  gradient.data());
    const Loss wanted = softmax_cross_entropy<double>(kImages, 1000, widened(logits).data(), labels.data(), nullptr, {},
                                                      kImages, expected.data());
    CHECK(got.sum == Approx(wanted.sum).epsilon(kLargestError));
    CHECK(relative_error(gradient, expected) <= kLargestError);
}
