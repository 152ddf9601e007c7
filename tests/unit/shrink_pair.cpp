// Failing pairs are made small: by predicates that stand for a bug.
#include "support/shrink_pair.h"

#include <catch2/catch.hpp>

namespace npusim {

namespace {

using test::PairShrinker;
using test::RandomPair;

/// What every pair must be that a check sees: valid, lowered, with an image that its first tensor holds.
void require_sound(const RandomPair& pair) {
    const QuantizedTensor& image = pair.network.tensors.front();
    REQUIRE(static_cast<std::int64_t>(pair.image.size()) == image.shape.elements());
    const auto [least, most] = std::minmax_element(pair.image.begin(), pair.image.end());
    REQUIRE(*least >= image.range().low);
    REQUIRE(*most <= image.range().high);
    REQUIRE(pair.program.layers.size() == pair.network.nodes.size());
    REQUIRE(reference_run(pair.network, pair.image).size() == pair.network.tensors.size());
}

RandomPair shrunk(const RandomPair& pair, const PairShrinker::Check& holds) {
    PairShrinker shrinker([&](const RandomPair& one) {
        require_sound(one);
        return holds(one);
    });
    return shrinker.shrunk(pair);
}

/// The first pair of which the check holds.
RandomPair pair_that(const PairShrinker::Check& holds) {
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        auto pair = test::random_pair(seed);
        if (pair && holds(*pair)) return std::move(*pair);
    }
    throw std::runtime_error("no such pair");
}

}  // namespace

TEST_CASE("What holds of every pair shrinks it to one layer of one element on the plain chip") {
    for (const auto& pair : test::random_pairs(800'000, 40)) {
        INFO("seed " << pair.seed);
        const RandomPair small = shrunk(pair, [](const RandomPair&) { return true; });
        REQUIRE(small.network.nodes.size() == 1);
        const QuantizedNode& node = small.network.nodes.front();
        CHECK(node.input_shape.elements() == 1);
        CHECK(node.output_shape.elements() == 1);
        CHECK(node.destinations.size() == 1);
        CHECK(!node.residual);
        CHECK(node.window == Window{.count_include_pad = node.window.count_include_pad});
        CHECK(to_json(small.arch) == to_json(test::plain_arch()));
    }
}

TEST_CASE("What a bug needs stays, and everything else goes") {
    const auto is_bad = [](const RandomPair& pair) {
        const bool strided = std::any_of(pair.network.nodes.begin(), pair.network.nodes.end(), [](const auto& node) {
            return node.op == QuantizedOp::convolution && node.window.stride_width == 2 &&
                   node.window.kernel_width >= 2;
        });
        return strided && pair.arch.array.columns >= 3 && pair.arch.array.overlap_weight_load &&
               pair.arch.weight_buffer.width_bits <= 20;
    };
    const RandomPair pair = pair_that(is_bad);
    const RandomPair small = shrunk(pair, is_bad);
    REQUIRE(small.network.nodes.size() == 1);
    const QuantizedNode& node = small.network.nodes.front();
    CHECK(node.window == Window{.kernel_width = 2, .stride_width = 2, .count_include_pad = true});
    CHECK(node.input_shape == TensorShape{1, 1, 2});
    CHECK(node.output_shape == TensorShape{1, 1, 1});
    ArchSpec expected = test::plain_arch();
    expected.array.columns = 3;
    expected.array.overlap_weight_load = true;
    expected.weight_buffer.width_bits = pair.arch.weight_buffer.width_bits;
    while (expected.weight_buffer.width_bits < 20) ++expected.weight_buffer.width_bits;
    CHECK(to_json(small.arch) == to_json(expected));
}

TEST_CASE("A bug that needs several layers keeps no more of them") {
    for (const std::size_t layers : {2U, 3U}) {
        const auto is_bad = [&](const RandomPair& pair) { return pair.network.nodes.size() >= layers; };
        for (const auto& pair : test::random_pairs(810'000, 20)) {
            INFO("seed " << pair.seed);
            if (is_bad(pair)) CHECK(shrunk(pair, is_bad).network.nodes.size() == layers);
        }
    }
}

TEST_CASE("The same pair shrinks to the same pair") {
    const auto is_bad = [](const RandomPair& pair) { return pair.arch.array.rows * pair.image.size() >= 12; };
    const RandomPair pair = pair_that(is_bad);
    const RandomPair once = shrunk(pair, is_bad);
    const RandomPair twice = shrunk(pair, is_bad);
    CHECK(to_json(once.arch) == to_json(twice.arch));
    CHECK(once.image == twice.image);
    // And it is a fixed point.
    const RandomPair again = shrunk(once, is_bad);
    CHECK(to_json(once.arch) == to_json(again.arch));
    CHECK(once.image == again.image);
}

}  // namespace npusim
