// The fast integer engine against the reference operators, on random networks.
#include <catch2/catch.hpp>
#include <thread>

#include "npusim/base/error.h"
#include "npusim/models/engine/integer_engine.h"
#include "support/random_network.h"

namespace npusim {

namespace {

/// Checks every tensor, and that the run which reuses memory gives the same logits; true if a sum really wrapped.
bool check_equal(const test::RandomNetworkOptions& options) {
    const auto [network, image] = test::random_network(options);
    INFO("seed " << options.seed);
    REQUIRE_NOTHROW(validate(network));
    const auto expected = reference_run(network, image);
    const IntegerEngine engine(network);
    const auto tensors = engine.run_all(image);
    REQUIRE(tensors.size() == expected.size());
    for (TensorId id = 0; id < tensors.size(); ++id) {
        INFO(network.tensors[id].name);
        REQUIRE(tensors[id].shape == expected[id].shape);
        REQUIRE(tensors[id].values == expected[id].values);
    }
    REQUIRE(engine.run(image) == expected[network.output].values);
    REQUIRE(engine.run(image) == expected[network.output].values);
    QuantizedNetwork wide = network;
    wide.accumulator_bits = 47;
    for (const auto& node : network.nodes) {
        const auto input = read_view(expected, node.input);
        if (reference_accumulate(network, node, input) != reference_accumulate(wide, node, input)) return true;
    }
    return false;
}

int count_wrapping(test::RandomNetworkOptions options, std::uint64_t first_seed, int networks) {
    int wrapping = 0;
    for (int i = 0; i < networks; ++i) {
        options.seed = first_seed + static_cast<std::uint64_t>(i);
        wrapping += check_equal(options) ? 1 : 0;
    }
    return wrapping;
}

}  // namespace

TEST_CASE("The integer engine equals the reference on random networks, also where accumulators wrap") {
    const int wrapping = count_wrapping({}, 1, 1500);
    CHECK(wrapping > 300);
}

TEST_CASE("Without narrow accumulators no sum wraps, as the bound promises") {
    test::RandomNetworkOptions options;
    options.narrow_accumulators = false;
    CHECK(count_wrapping(options, 50'000, 300) == 0);
}

TEST_CASE("The integer engine equals the reference on long reductions, which it sums in slices") {
    test::RandomNetworkOptions options;
    options.nodes = 2;
    options.max_channels = 150;
    options.max_extent = 7;
    options.ops = {QuantizedOp::convolution};
    options.weight_bits = {8};
    options.activation_bits = {8};
    count_wrapping(options, 60'000, 40);
}

TEST_CASE("The integer engine equals the reference on 16-bit operands, which need double precision") {
    test::RandomNetworkOptions options;
    options.weight_bits = {16};
    options.activation_bits = {16};
    count_wrapping(options, 70'000, 300);
}

TEST_CASE("The integer engine equals the reference on every kind of node alone") {
    for (const QuantizedOp op : {QuantizedOp::convolution, QuantizedOp::max_pool, QuantizedOp::average_pool,
                                 QuantizedOp::slice_pad, QuantizedOp::elementwise}) {
        INFO(name_of(op));
        test::RandomNetworkOptions options;
        options.ops = {op};
        options.nodes = 3;
        options.ends_in_linear = false;
        count_wrapping(options, 80'000, 100);
    }
}

TEST_CASE("One engine gives the same logits to threads that run at the same time") {
    test::RandomNetworkOptions options;
    options.seed = 90'001;
    options.nodes = 8;
    const auto [network, image] = test::random_network(options);
    const IntegerEngine engine(network);
    const auto expected = reference_run(network, image)[network.output].values;
    std::vector<int> differences(4, 0);
    std::vector<std::thread> threads;
    for (int& difference : differences) {
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i) difference += engine.run(image) == expected ? 0 : 1;
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(differences == std::vector<int>(4, 0));
}

TEST_CASE("The integer engine refuses a network without weights and an image outside the input's range") {
    test::RandomNetworkOptions options;
    options.seed = 3;
    auto [network, image] = test::random_network(options);
    {
        const IntegerEngine engine(network);
        auto outside = image;
        outside[0] = static_cast<std::int32_t>(network.tensors[0].range().high + 1);
        CHECK_THROWS_AS(engine.run(outside), InputError);
        outside.pop_back();
        CHECK_THROWS_AS(engine.run(outside), InputError);
    }
    network.nodes.back().weights.clear();
    CHECK_THROWS_AS(IntegerEngine(network), InputError);
}

TEST_CASE("An image is quantized with the input tensor's step, range and rounding rule") {
    QuantizedNetwork network;
    network.tensors.push_back({"image", {1, 1, 5}, 4, true, 0.5});
    const std::vector<float> image{0.25F, -0.25F, 0.75F, 100.0F, -100.0F};
    network.precision.rounding = Rounding::half_up;
    CHECK(quantize_image(network, image) == std::vector<std::int32_t>{1, 0, 2, 7, -7});
    network.precision.rounding = Rounding::half_even;
    CHECK(quantize_image(network, image) == std::vector<std::int32_t>{0, 0, 2, 7, -7});
    network.precision.rounding = Rounding::half_away;
    CHECK(quantize_image(network, image) == std::vector<std::int32_t>{1, -1, 2, 7, -7});
    network.tensors[0].step = 0;
    CHECK_THROWS_AS(quantize_image(network, image), InputError);
}

}  // namespace npusim
