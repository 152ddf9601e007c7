#include "gradient_check.h"
#include "npusim/models/layers/quantized_conv2d.h"

namespace npusim {

namespace {

using test::Random;
using test::Values;

/// A layer of the kind that networks have, often large enough for the processor's tiles.
ConvShape random_layer(Random& random) {
    ConvShape s;
    const std::int64_t widths[] = {3, 8, 16, 17, 32, 48, 64};
    s.in_channels = widths[random.integer(0, 6)];
    s.out_channels = widths[random.integer(0, 6)];
    if (random.integer(0, 5) == 0) s.groups = s.in_channels = s.out_channels = 16;
    s.kernel_height = s.kernel_width = 2 * random.integer(0, 2) + 1;
    s.stride_height = s.stride_width = random.integer(1, 2);
    s.pad_top = s.pad_left = s.pad_bottom = s.pad_right = s.kernel_height / 2;
    s.in_height = random.integer(s.kernel_height, 17);
    s.in_width = random.integer(s.kernel_width, 17);
    s.out_height = (s.in_height - 1) / s.stride_height + 1;
    s.out_width = (s.in_width - 1) / s.stride_width + 1;
    return s;
}

/// A quantized layer with its operands as floats.
struct Layer {
    ConvShape shape;
    std::int64_t images = 1;
    std::vector<double> weight_steps;
    ConvSteps steps;
    std::vector<float> in, weights, grad_out;
};

Layer random_layer_data(Random& random) {
    Layer layer;
    layer.shape = random_layer(random);
    layer.images = random.integer(1, 5);
    const int bits = static_cast<int>(random.integer(1, 8));
    layer.steps.weight_bits = static_cast<int>(random.integer(1, 8));
    layer.steps.in_range = activation_range(bits, random.integer(0, 1) == 1);
    layer.steps.in = random.real(0.001, 0.5);
    for (std::int64_t o = 0; o < layer.shape.out_channels; ++o) layer.weight_steps.push_back(random.real(0.001, 0.1));
    layer.steps.weights = layer.weight_steps.data();
    const auto [low, high] = layer.steps.in_range;
    for (std::int64_t i = 0; i < layer.images * layer.shape.in_elements(); ++i) {
        layer.in.push_back(static_cast<float>(layer.steps.in * static_cast<double>(random.integer(low, high))));
    }
    const std::int64_t largest = layer.steps.weight_bits == 1 ? 1 : signed_range(layer.steps.weight_bits).high;
    for (std::int64_t i = 0; i < layer.shape.weights(); ++i) {
        const double step = layer.weight_steps[static_cast<std::size_t>(i % layer.shape.out_channels)];
        layer.weights.push_back(static_cast<float>(step * static_cast<double>(random.integer(-largest, largest))));
    }
    layer.grad_out = test::as<float>(random.values(layer.images * layer.shape.out_elements()));
    return layer;
}

template <typename Scalar>
struct Results {
    std::vector<Scalar> out, grad_in, grad_weights;
};

template <typename Scalar>
Results<Scalar> run(const Layer& layer, ConvWorkspace& workspace) {
    const auto in = test::as<Scalar>(layer.in), weights = test::as<Scalar>(layer.weights);
    const auto grad_out = test::as<Scalar>(layer.grad_out);
    Results<Scalar> r{std::vector<Scalar>(grad_out.size()), std::vector<Scalar>(in.size()),
                      std::vector<Scalar>(weights.size())};
    std::vector<std::uint8_t> codes(in.size());
    quantized_conv2d_forward(layer.shape, layer.images, layer.steps, in.data(), weights.data(), r.out.data(),
                             codes.data(), workspace);
    quantized_conv2d_backward(layer.shape, layer.images, layer.steps, in.data(), codes.data(), weights.data(),
                              grad_out.data(), r.grad_in.data(), r.grad_weights.data(), workspace);
    return r;
}

double distance(const std::vector<float>& got, const Values& wanted) {
    return test::difference(test::as<double>(got), wanted);
}

}  // namespace

TEST_CASE("Quantized convolutions agree with the plain ones in double, for 1 to 8 bits of either sign") {
    Random random(11);
    ConvWorkspace reference(ConvBackend::eigen);
    ConvWorkspace fast;
    double forward = 0, backward = 0;
    for (int i = 0; i < 150; ++i) {
        const Layer layer = random_layer_data(random);
        const auto wanted = run<double>(layer, reference);
        const auto got = run<float>(layer, fast);
        forward = std::max(forward, distance(got.out, wanted.out));
        backward = std::max(
            {backward, distance(got.grad_in, wanted.grad_in), distance(got.grad_weights, wanted.grad_weights)});
    }
    CHECK(forward < 1e-6);
    CHECK(backward < 1e-5);
}

TEST_CASE("A convolution of codes alone gives the bytes of one of the numbers, by the short way and without it") {
    Random random(16);
    ConvWorkspace portable(ConvBackend::eigen);
    ConvWorkspace fast;
    for (int i = 0; i < 30; ++i) {
        const Layer layer = random_layer_data(random);
        const auto compare = [&]<typename Scalar>(ConvWorkspace& workspace, Scalar /*kind*/) {
            const auto in = test::as<Scalar>(layer.in), weights = test::as<Scalar>(layer.weights);
            const auto grad_out = test::as<Scalar>(layer.grad_out);
            const auto wanted = run<Scalar>(layer, workspace);
            std::vector<std::uint8_t> codes;
            for (const float number : layer.in) {
                codes.push_back(static_cast<std::uint8_t>(std::llround(static_cast<double>(number) / layer.steps.in)));
            }
            std::vector<Scalar> out(grad_out.size()), grad_in(in.size()), grad_weights(weights.size());
            quantized_conv2d_forward(layer.shape, layer.images, layer.steps, codes.data(), weights.data(), out.data(),
                                     workspace);
            quantized_conv2d_backward(layer.shape, layer.images, layer.steps, codes.data(), weights.data(),
                                      grad_out.data(), grad_in.data(), grad_weights.data(), workspace);
            CHECK(test::difference(test::as<double>(out), test::as<double>(wanted.out)) < 1e-7);
            CHECK(test::difference(test::as<double>(grad_in), test::as<double>(wanted.grad_in)) < 1e-7);
            CHECK(test::difference(test::as<double>(grad_weights), test::as<double>(wanted.grad_weights)) < 1e-7);
            return test::same_bytes(out, wanted.out) && test::same_bytes(grad_in, wanted.grad_in) &&
                   test::same_bytes(grad_weights, wanted.grad_weights);
        };
        CHECK(compare(fast, 0.0F));
        CHECK(compare(portable, 0.0F));
        (void)compare(portable, 0.0);  // the numbers of codes are exact there, those given are floats
    }
}

TEST_CASE("Quantized convolutions give the same bytes whatever their workspace did before") {
    Random random(12);
    ConvWorkspace used;
    for (int i = 0; i < 20; ++i) {
        const Layer layer = random_layer_data(random);
        ConvWorkspace fresh;
        const auto first = run<float>(layer, used), second = run<float>(layer, used), other = run<float>(layer, fresh);
        CHECK(test::same_bytes(first.out, second.out));
        CHECK(test::same_bytes(first.grad_in, second.grad_in));
        CHECK(test::same_bytes(first.grad_weights, second.grad_weights));
        CHECK(test::same_bytes(first.out, other.out));
        CHECK(test::same_bytes(first.grad_in, other.grad_in));
        CHECK(test::same_bytes(first.grad_weights, other.grad_weights));
    }
}

TEST_CASE("The network's input gets no gradient, and weight gradients are added to what is there") {
    Random random(13);
    ConvWorkspace workspace;
    for (int i = 0; i < 20; ++i) {
        const Layer layer = random_layer_data(random);
        const auto once = run<float>(layer, workspace);
        std::vector<float> sums(layer.weights.size(), 2.0F), out(layer.grad_out.size());
        std::vector<std::uint8_t> codes(layer.in.size());
        quantized_conv2d_forward<float>(layer.shape, layer.images, layer.steps, layer.in.data(), layer.weights.data(),
                                        out.data(), codes.data(), workspace);
        quantized_conv2d_backward<float>(layer.shape, layer.images, layer.steps, layer.in.data(), codes.data(),
                                         layer.weights.data(), layer.grad_out.data(), nullptr, sums.data(), workspace);
        double apart = 0;
        for (std::size_t w = 0; w < sums.size(); ++w) {
            apart = std::max(apart, static_cast<double>(std::abs(sums[w] - 2.0F - once.grad_weights[w])) /
                                        (2.0 + static_cast<double>(std::abs(once.grad_weights[w]))));
        }
        CHECK(apart < 1e-6);
    }
}

}  // namespace npusim
