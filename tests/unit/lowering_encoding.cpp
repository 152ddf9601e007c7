// Weights and requantizer constants as they lie in DRAM.
#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <utility>

#include "npusim/workloads/lowering/program.h"

namespace npusim {

namespace {

QuantizedNode random_convolution(int bits, std::mt19937_64& generator) {
    QuantizedNode node;
    node.op = QuantizedOp::convolution;
    node.input_shape = {6, 4, 4};
    node.output_shape = {5, 3, 2};
    node.window.kernel_height = 2;
    node.window.kernel_width = 3;
    node.weight_bits = bits;
    const IntegerRange range = signed_range(bits);
    for (int i = 0; i < 5 * 6 * 6; ++i) {
        const auto value =
            range.low + static_cast<std::int64_t>(generator() % static_cast<std::uint64_t>(range.high - range.low + 1));
        node.weights.push_back(static_cast<std::int16_t>(bits == 1 && value == 0 ? 1 : value));
    }
    for (TensorId tensor = 0; tensor < 2; ++tensor) {
        Destination to{tensor, 0, {}};
        for (int c = 0; c < 5; ++c) {
            to.channels.push_back({static_cast<std::int32_t>(generator() % 65536) - 32768,
                                   static_cast<std::int32_t>(generator()), static_cast<std::int64_t>(generator()) >> 4,
                                   static_cast<int>(generator() % 49)});
        }
        node.destinations.push_back(std::move(to));
    }
    return node;
}

}  // namespace

TEST_CASE("A requantizer decodes to what was encoded, at the ends of its fields") {
    constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
    constexpr std::int64_t most_bias = (std::int64_t{1} << 60) - 1;
    for (const std::int32_t multiplier : {-32768, -1, 0, 1, 32767}) {
        for (const std::int32_t residual : {-most - 1, -1, 0, most}) {
            for (const std::int64_t bias : {-most_bias, std::int64_t{-1}, std::int64_t{0}, most_bias}) {
                for (const int shift : {0, 1, 48}) {
                    const ChannelRequantizer channel{multiplier, residual, bias, shift};
                    std::vector<std::byte> bytes(kRequantizerBytes);
                    encode_requantizer(channel, bytes);
                    REQUIRE(decode_requantizer(bytes) == channel);
                }
            }
        }
    }
}

TEST_CASE("A weight tile decodes to its weights and then its constants, at every width") {
    std::mt19937_64 generator(1);
    for (const int bits : {1, 2, 3, 4, 5, 6, 7, 8, 16}) {
        const QuantizedNode node = random_convolution(bits, generator);
        WeightTile tile;
        tile.out_channel_begin = 1;
        tile.out_channel_end = 4;
        tile.in_channel_begin = 2;
        tile.in_channel_end = 5;
        const std::int64_t count = 3 * 3 * 6;
        tile.weight_bytes = (count * bits + 7) / 8;
        const auto bytes = encode_weight_tile(node, tile);
        REQUIRE(static_cast<std::int64_t>(bytes.size()) == tile.weight_bytes + 3 * 2 * kRequantizerBytes);
        const auto weights = decode_weights(bytes, bits, count);
        std::size_t at = 0;
        for (std::size_t n = 1; n < 4; ++n) {
            for (std::size_t i = 2 * 6; i < 5 * 6; ++i) REQUIRE(weights[at++] == node.weights[n * 36 + i]);
        }
        auto constants = std::span(bytes).subspan(static_cast<std::size_t>(tile.weight_bytes));
        for (std::size_t n = 1; n < 4; ++n) {
            for (const auto& to : node.destinations) {
                REQUIRE(decode_requantizer(constants) == to.channels[n]);
                constants = constants.subspan(kRequantizerBytes);
            }
        }
        tile.has_constants = false;
        REQUIRE(static_cast<std::int64_t>(encode_weight_tile(node, tile).size()) == tile.weight_bytes);
    }
}

TEST_CASE("A layer without weights has tiles of constants only") {
    std::mt19937_64 generator(2);
    QuantizedNode node = random_convolution(8, generator);
    node.op = QuantizedOp::elementwise;
    node.weights.clear();
    WeightTile tile;
    tile.out_channel_end = 5;
    const auto bytes = encode_weight_tile(node, tile);
    REQUIRE(bytes.size() == 5 * 2 * kRequantizerBytes);
    CHECK(decode_requantizer(bytes) == node.destinations[0].channels[0]);
}

}  // namespace npusim
