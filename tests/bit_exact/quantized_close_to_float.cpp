// At 16 bits a quantized network computes what the fp32 network computes: fusion and storage keep the meaning of every
// operator and of every way in which the zoo joins them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "npusim/base/error.h"
#include "npusim/models/graph/network_builder.h"
#include "support/calibrated.h"

namespace npusim {

namespace {

struct Builder : NetworkBuilder {
    Builder() : NetworkBuilder("small", {3, 12, 10}) {}
    NodeId conv(const std::string& name, NodeId from, std::int64_t channels, std::int64_t kernel = 3,
                std::int64_t stride = 1, bool bias = false, std::int64_t groups = 1) {
        return conv2d(name, from,
                      {.out_channels = channels,
                       .kernel_height = kernel,
                       .kernel_width = kernel,
                       .stride = stride,
                       .pad_height = kernel / 2,
                       .pad_width = kernel / 2,
                       .groups = groups,
                       .bias = bias});
    }
    NodeId conv_norm(const std::string& name, NodeId from, std::int64_t channels, std::int64_t kernel = 3,
                     std::int64_t stride = 1) {
        return batch_norm(name + ".bn", conv(name, from, channels, kernel, stride));
    }
    NodeId conv_norm_relu(const std::string& name, NodeId from, std::int64_t channels, std::int64_t kernel = 3,
                          std::int64_t stride = 1) {
        return relu(name + ".relu", conv_norm(name, from, channels, kernel, stride));
    }
    static Window window(std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
        Window w;
        w.kernel_height = w.kernel_width = kernel;
        w.stride_height = w.stride_width = stride;
        w.pad_top = w.pad_left = w.pad_bottom = w.pad_right = pad;
        return w;
    }
    Network classify(NodeId from) {
        const NodeId pooled = adaptive_average_pool("pool", from, 1, 1);
        return finish(linear("fc", dropout("drop", flatten("flatten", pooled), 0.5), 7));
    }
};

/// The largest difference of logits, relative to the largest logit, over some images.
double relative_error(const Network& network, const PrecisionSpec& precision) {
    const Parameters parameters = random_parameters(network, 11);
    const auto images = random_images(network.input_shape(), 3, 12);
    const QuantizedNetwork quantized = test::quantize_calibrated(network, parameters, precision, 47, images, false);
    const FloatExecutor executor(network, parameters);
    double worst = 0;
    for (const auto& image : images) {
        const auto exact = executor.run(image);
        const auto logits = test::real_logits(quantized, image);
        REQUIRE(logits.size() == exact.size());
        double largest = 0;
        double difference = 0;
        for (std::size_t i = 0; i < exact.size(); ++i) {
            largest = std::max(largest, std::abs(static_cast<double>(exact[i])));
            difference = std::max(difference, std::abs(logits[i] - static_cast<double>(exact[i])));
        }
        worst = std::max(worst, difference / largest);
    }
    return worst;
}

/// Within what 16 bits allow, in every way to scale and to place the batch norm.
void check_close(const Network& network) {
    for (const auto placement : {BatchNormPlacement::multiplier, BatchNormPlacement::weights}) {
        for (const auto granularity : {Granularity::per_channel, Granularity::per_tensor}) {
            for (const auto scales : {ScaleKind::free, ScaleKind::power_of_two}) {
                PrecisionSpec precision = test::uniform_precision(16);
                precision.batch_norm = placement;
                precision.granularity = granularity;
                precision.scales = scales;
                INFO(name_of(placement) << ", " << name_of(granularity) << ", " << name_of(scales));
                CHECK(relative_error(network, precision) < 2e-3);
            }
        }
    }
    // Eight bits are coarser, but no other function.
    const double at_8_bits = relative_error(network, test::uniform_precision(8));
    CHECK(at_8_bits < 0.25);
}

}  // namespace

TEST_CASE("Batch norm after a convolution, with and without ReLU, keeps its meaning") {
    Builder b;
    const NodeId first = b.conv_norm_relu("first", b.input(), 8);
    check_close(b.classify(b.conv_norm("second", first, 10, 1)));
}

TEST_CASE("Biases of convolutions, before batch norm and without, keep their meaning") {
    Builder b;
    const NodeId first = b.relu("relu", b.conv("first", b.input(), 6, 3, 1, true));
    const NodeId second = b.batch_norm("bn", b.conv("second", first, 8, 3, 2, true));
    check_close(b.classify(b.relu("relu2", second)));
}

TEST_CASE("Batch norm before a convolution becomes an elementwise node that keeps its meaning") {
    Builder b;
    const NodeId first = b.conv("first", b.input(), 8);
    const NodeId norm = b.relu("relu", b.batch_norm("bn", b.max_pool("mp", first, Builder::window(3, 2, 1))));
    check_close(b.classify(b.conv("second", norm, 9)));
}

TEST_CASE("An add of two convolution branches and the ReLU after it keep their meaning") {
    Builder b;
    const NodeId first = b.conv_norm_relu("first", b.input(), 6);
    const NodeId left = b.conv_norm("left.2", b.conv_norm_relu("left.1", first, 8, 3, 2), 8);
    const NodeId right = b.conv_norm("right", first, 8, 1, 2);
    check_close(b.classify(b.relu("relu", b.add("add", left, right))));
}

TEST_CASE("An add with the identity, on either side, keeps its meaning") {
    for (const bool identity_first : {false, true}) {
        Builder b;
        const NodeId first = b.conv_norm_relu("first", b.input(), 6);
        const NodeId branch = b.conv_norm("branch", first, 6);
        const NodeId sum = identity_first ? b.add("add", first, branch) : b.add("add", branch, first);
        const NodeId second = b.conv_norm("second", sum, 6);
        check_close(b.classify(b.relu("relu", b.add("add2", second, sum))));
    }
}

TEST_CASE("Adds that no convolution can take, of ReLUs and of a value with itself, keep their meaning") {
    Builder b;
    const NodeId left = b.conv_norm_relu("left", b.input(), 6);
    const NodeId right = b.conv_norm_relu("right", b.input(), 6, 1);
    const NodeId sum = b.add("add", left, right);
    check_close(b.classify(b.add("twice", sum, sum)));
}

TEST_CASE("Concatenations that grow one from the other, as in a dense block, keep their meaning") {
    Builder b;
    NodeId all = b.conv_norm_relu("first", b.input(), 8);
    std::vector<NodeId> parts{b.max_pool("mp", all, Builder::window(3, 2, 1))};
    for (const std::string layer : {"1", "2", "3"}) {
        all = parts.size() == 1 ? parts[0] : b.concat("cat" + layer, parts);
        const NodeId norm = b.relu("relu" + layer, b.batch_norm("norm" + layer, all));
        const NodeId narrow = b.conv_norm_relu("bottle" + layer, norm, 8, 1);
        parts.push_back(b.conv("conv" + layer, narrow, 4));
    }
    const NodeId last = b.relu("relu", b.batch_norm("norm", b.concat("cat", parts)));
    const NodeId moved = b.average_pool("transition", b.conv("narrow", last, 6, 1), Builder::window(2, 2, 0));
    check_close(b.classify(b.relu("end", b.batch_norm("norm5", moved))));
}

TEST_CASE("A concatenation with branches of average and max pooling, as in Inception, keeps its meaning") {
    Builder b;
    const NodeId first = b.conv_norm_relu("first", b.input(), 8);
    const NodeId pooled = b.average_pool("ap", first, Builder::window(3, 1, 1));
    const NodeId mixed = b.concat("mixed", {b.conv_norm_relu("a", first, 4, 1), b.conv_norm_relu("b", pooled, 8, 1),
                                            b.conv_norm_relu("c.2", b.conv_norm_relu("c.1", first, 4), 4)});
    const NodeId reduced =
        b.concat("reduced", {b.conv_norm_relu("d", mixed, 8, 3, 2), b.max_pool("mp", mixed, Builder::window(3, 2, 1))});
    check_close(b.classify(b.conv_norm_relu("last", reduced, 8, 1)));
}

TEST_CASE("Nested concatenations and one value in two of them keep their meaning") {
    Builder b;
    const NodeId left = b.conv_norm_relu("left", b.input(), 4);
    const NodeId right = b.conv_norm("right", b.input(), 4);
    const NodeId inner = b.concat("inner", {left, right});
    const NodeId outer = b.concat("outer", {right, inner, left});
    const NodeId sum = b.add("sum", b.conv_norm("x", outer, 8, 1), inner);
    check_close(b.classify(b.relu("relu", sum)));
}

TEST_CASE("The zero-padding shortcut of the CIFAR ResNets keeps its meaning") {
    Builder b;
    const NodeId first = b.conv_norm_relu("first", b.input(), 6);
    const NodeId branch = b.conv_norm("branch", first, 12, 3, 2);
    const NodeId shortcut = b.slice_pad("shortcut", first, 2, 12, 3);
    check_close(b.classify(b.relu("relu", b.add("add", branch, shortcut))));
}

TEST_CASE("Adaptive pools to one, to parts, to the same and to a larger map keep their meaning") {
    for (const auto& [height, width] : {std::pair{3, 5}, {12, 10}, {24, 20}, {1, 1}, {6, 10}}) {
        Builder b;
        const NodeId first = b.conv_norm_relu("first", b.input(), 6);
        const NodeId pooled = b.adaptive_average_pool("adaptive", first, height, width);
        INFO(height << "x" << width);
        check_close(b.finish(b.linear("fc", b.flatten("flatten", pooled), 5)));
    }
}

TEST_CASE("Linear layers on a map and behind one another keep their meaning") {
    Builder b;
    const NodeId first = b.conv_norm_relu("first", b.input(), 6, 3, 2);
    const NodeId hidden = b.relu("relu", b.linear("fc1", b.flatten("flatten", first), 20));
    check_close(b.finish(b.linear("fc2", b.dropout("drop", hidden, 0.5), 5)));
}

TEST_CASE("A max pool that feeds both an add and a convolution keeps its meaning") {
    Builder b;
    const NodeId first = b.conv_norm_relu("first", b.input(), 6);
    const NodeId pooled = b.max_pool("mp", first, Builder::window(3, 2, 1));
    const NodeId branch = b.conv_norm("branch", pooled, 6);
    check_close(b.classify(b.relu("relu", b.add("add", branch, pooled))));
}

TEST_CASE("Grouped and depthwise convolutions keep their meaning") {
    Builder b;
    const NodeId first = b.conv_norm_relu("first", b.input(), 8);
    const NodeId grouped = b.relu("relu", b.batch_norm("bn", b.conv("grouped", first, 12, 3, 1, false, 4)));
    check_close(b.classify(b.relu("relu2", b.conv("depthwise", grouped, 12, 3, 2, true, 12))));
}

TEST_CASE("Branches that lead nowhere are left out") {
    Builder b;
    const NodeId first = b.conv_norm_relu("first", b.input(), 6);
    (void)b.conv_norm_relu("unused", first, 4);
    const NodeId pooled = b.adaptive_average_pool("pool", first, 1, 1);
    const NodeId logits = b.linear("fc", b.flatten("flatten", pooled), 5);
    (void)b.relu("after", logits);
    const Network network = b.finish(logits);
    check_close(network);
    const auto quantized = quantize_structure(network, {}, 31);
    CHECK(quantized.nodes.size() == 3);
    CHECK(quantized.tensors[quantized.output].name.find("fc") == 0);
}

TEST_CASE("The output may be a concatenation or an add") {
    Builder b;
    const NodeId left = b.conv_norm_relu("left", b.input(), 4);
    const NodeId right = b.conv_norm("right", b.input(), 4);
    check_close(b.finish(b.concat("cat", {left, right})));
    Builder c;
    const NodeId one = c.conv_norm_relu("one", c.input(), 4);
    check_close(c.finish(c.add("add", one, c.conv_norm("two", one, 4))));
}

TEST_CASE("Average pooling whose divisor is not the whole window is refused") {
    const auto with_window = [](Window window) {
        Builder b;
        return b.classify(b.average_pool("ap", b.conv("conv", b.input(), 4), window));
    };
    Window window = Builder::window(3, 2, 0);
    window.ceil_mode = true;  // 12 rows: the last window hangs over by one
    CHECK_THROWS_AS(quantize_structure(with_window(window), {}, 31), InputError);
    window = Builder::window(3, 3, 1);
    window.count_include_pad = false;
    CHECK_THROWS_AS(quantize_structure(with_window(window), {}, 31), InputError);
    // A hanging window may be asked for and yet not be there.
    window = Builder::window(2, 2, 0);
    window.ceil_mode = true;
    CHECK_NOTHROW(quantize_structure(with_window(window), {}, 31));
}

TEST_CASE("A network whose output is its input is refused") {
    Builder b;
    const Network network = b.finish(b.flatten("flatten", b.input()));
    CHECK_THROWS_AS(quantize_structure(network, {}, 31), InputError);
}

}  // namespace npusim
