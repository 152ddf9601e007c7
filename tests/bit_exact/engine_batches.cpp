// The integer engine on many images at a time, with both kinds of kernels: the same integers as the reference, whatever
// the number of images and of threads.
#include <tbb/global_control.h>

#include <catch2/catch.hpp>

#include "npusim/base/error.h"
#include "npusim/models/engine/integer_engine.h"
#include "npusim/models/layers/conv2d.h"
#include "support/random_network.h"

namespace npusim {

namespace {

using Integers = std::vector<std::int32_t>;

Integers random_images(const QuantizedNetwork& network, std::int64_t count, std::uint64_t seed) {
    std::mt19937_64 generator(seed);
    const QuantizedTensor& input = network.tensors[0];
    const auto values = static_cast<std::uint64_t>(input.range().high - input.range().low + 1);
    Integers images(static_cast<std::size_t>(count * input.shape.elements()));
    for (auto& value : images)
        value = static_cast<std::int32_t>(input.range().low + static_cast<std::int64_t>(generator() % values));
    return images;
}

Integers reference_logits(const QuantizedNetwork& network, const Integers& images) {
    const auto size = static_cast<std::size_t>(network.tensors[0].shape.elements());
    Integers logits;
    for (std::size_t begin = 0; begin < images.size(); begin += size) {
        const auto own = reference_run(network, std::span(images).subspan(begin, size))[network.output].values;
        logits.insert(logits.end(), own.begin(), own.end());
    }
    return logits;
}

/// Parts of a batch, whole parts and what is left over; gives the convolutions that ran on the dot products.
std::int64_t check_batches(const test::RandomNetworkOptions& options) {
    const QuantizedNetwork network = test::random_network(options).first;
    INFO("seed " << options.seed);
    const IntegerEngine fastest(network);
    const IntegerEngine portable(network, EngineKernels::portable);
    REQUIRE(portable.convolutions_in_bytes() == 0);
    const std::int64_t part = fastest.images_at_once();
    for (const std::int64_t count : {std::int64_t{1}, part - 1, part + 2}) {
        INFO(count << " images, " << part << " at once");
        const Integers images = random_images(network, count, options.seed + 1);
        const Integers expected = reference_logits(network, images);
        REQUIRE(fastest.run_batch(images) == expected);
        REQUIRE(portable.run_batch(images) == expected);
    }
    return fastest.convolutions_in_bytes();
}

std::int64_t check_all(test::RandomNetworkOptions options, std::uint64_t first_seed, int networks) {
    std::int64_t in_bytes = 0;
    for (int i = 0; i < networks; ++i) {
        options.seed = first_seed + static_cast<std::uint64_t>(i);
        in_bytes += check_batches(options);
    }
    return in_bytes;
}

/// Else the fast path was not tested. Any processor that oneDNN has code for takes the narrowest of these networks.
void check_dot_products(std::int64_t convolutions) {
    if (has_conv_backend(ConvBackend::onednn)) CHECK(convolutions > 30);
}

/// A fully connected layer on one pixel, whose sums take the requantizer's whole range.
QuantizedNetwork one_layer(std::int64_t inputs, std::int64_t outputs, int weight) {
    QuantizedNetwork network;
    network.name = "one layer";
    network.tensors = {{"image", {inputs, 1, 1}, 8, true, 1.0}, {"sums", {outputs, 1, 1}, 16, true, 1.0}};
    network.output = 1;
    QuantizedNode node;
    node.name = "linear";
    node.op = QuantizedOp::convolution;
    node.input = {0, 0, inputs};
    node.input_shape = {inputs, 1, 1};
    node.output_shape = {outputs, 1, 1};
    node.input_bits = 8;
    node.input_signed = true;
    node.weight_bits = 8;
    node.weights.assign(static_cast<std::size_t>(inputs * outputs), static_cast<std::int16_t>(weight));
    node.destinations.push_back({1, 0, std::vector<ChannelRequantizer>(static_cast<std::size_t>(outputs))});
    network.nodes.push_back(node);
    return network;
}

}  // namespace

TEST_CASE("Batches of random networks have the reference's logits on the dot products and without them") {
    test::RandomNetworkOptions options;
    options.nodes = 4;
    options.max_extent = 8;
    check_dot_products(check_all(options, 100'000, 120));
}

TEST_CASE("Convolutions of 8 bits and fewer have the reference's logits in batches") {
    test::RandomNetworkOptions options;
    options.nodes = 3;
    options.max_channels = 40;
    options.max_extent = 6;
    options.ops = {QuantizedOp::convolution, QuantizedOp::convolution, QuantizedOp::elementwise};
    options.weight_bits = {1, 2, 4, 7, 8};
    options.activation_bits = {1, 2, 4, 7, 8};
    options.concatenation = false;
    check_dot_products(check_all(options, 200'000, 60));
}

TEST_CASE("One engine has the same logits on any number of threads") {
    test::RandomNetworkOptions options;
    options.seed = 300'001;
    options.nodes = 8;
    const QuantizedNetwork network = test::random_network(options).first;
    const IntegerEngine engine(network);
    const Integers images = random_images(network, 5 * engine.images_at_once() + 3, 7);
    const Integers expected = reference_logits(network, images);
    for (const std::size_t threads : {1, 2, 5}) {
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
        CHECK(engine.run_batch(images) == expected);
    }
}

TEST_CASE("Every rounding rule is exact on ties, on both ends of the range and where double has too few bits") {
    constexpr std::int64_t kInputs = 9;
    constexpr std::int64_t kOutputs = 49;
    QuantizedNetwork network = one_layer(kInputs, kOutputs, 127);
    std::mt19937_64 generator(11);
    const Integers images = random_images(network, 70, 12);
    for (const int largest_bias_bits : {20, 59}) {
        for (std::size_t c = 0; c < static_cast<std::size_t>(kOutputs); ++c) {
            ChannelRequantizer& channel = network.nodes[0].destinations[0].channels[c];
            channel.shift = static_cast<int>(c);
            channel.multiplier = c % 3 == 0 ? 1 : static_cast<std::int32_t>(generator() % 65'536) - 32'768;
            const auto most = std::int64_t{1} << std::min(channel.shift + 16, largest_bias_bits);
            channel.bias = static_cast<std::int64_t>(generator() % static_cast<std::uint64_t>(2 * most)) - most;
            // Ties: nothing but halves. And one step below a tie, which a double does not always hold.
            const auto near_zero = static_cast<std::int64_t>(generator() % 2048) - 1024;
            const std::int64_t tie = channel.shift > 0 ? (2 * near_zero + 1) << (channel.shift - 1) : near_zero;
            if (c % 5 == 1) channel = {0, 0, tie, channel.shift};
            if (c % 5 == 2) channel = {0, 0, tie - 1, channel.shift};
            if (c % 5 == 3) channel = {1, 0, tie, channel.shift};
        }
        for (const Rounding rounding :
             {Rounding::half_up, Rounding::half_even, Rounding::half_away, Rounding::double_rounding}) {
            network.precision.rounding = rounding;
            const Integers expected = reference_logits(network, images);
            REQUIRE(IntegerEngine(network).run_batch(images) == expected);
            REQUIRE(IntegerEngine(network, EngineKernels::portable).run_batch(images) == expected);
        }
    }
}

TEST_CASE("A batch with a broken last image and one outside the range are refused") {
    const QuantizedNetwork network = one_layer(3, 2, 5);
    const IntegerEngine engine(network);
    CHECK(engine.run_batch({}).empty());
    CHECK(engine.run_batch(Integers{1, 2, 3, -4, -5, -6}).size() == 4);
    CHECK_THROWS_AS(engine.run_batch(Integers{1, 2, 3, 4}), InputError);
    CHECK_THROWS_AS(engine.run_batch(Integers{1, 2, 3, 4, 5, 128}), InputError);
}

}  // namespace npusim
