#include <cstring>

#include "npusim/base/integer_math.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim {

void encode_requantizer(const ChannelRequantizer& channel, std::span<std::byte> bytes) {
    const auto multiplier = static_cast<std::int16_t>(channel.multiplier);
    std::memcpy(bytes.data(), &multiplier, 2);
    bytes[2] = static_cast<std::byte>(channel.shift);
    bytes[3] = std::byte{0};
    std::memcpy(bytes.data() + 4, &channel.residual_multiplier, 4);
    std::memcpy(bytes.data() + 8, &channel.bias, 8);
}

ChannelRequantizer decode_requantizer(std::span<const std::byte> bytes) {
    ChannelRequantizer channel;
    std::int16_t multiplier = 0;
    std::memcpy(&multiplier, bytes.data(), 2);
    channel.multiplier = multiplier;
    channel.shift = std::to_integer<int>(bytes[2]);
    std::memcpy(&channel.residual_multiplier, bytes.data() + 4, 4);
    std::memcpy(&channel.bias, bytes.data() + 8, 8);
    return channel;
}

std::vector<std::byte> encode_weight_tile(const QuantizedNode& node, const WeightTile& tile) {
    const std::int64_t channels = tile.out_channel_end - tile.out_channel_begin;
    const auto destinations = static_cast<std::int64_t>(node.destinations.size());
    const std::int64_t constant_bytes = tile.has_constants ? channels * destinations * kRequantizerBytes : 0;
    std::vector<std::byte> bytes(static_cast<std::size_t>(tile.weight_bytes + constant_bytes));
    const std::int64_t area = node.window.kernel_height * node.window.kernel_width;
    const std::int64_t group_channels = node.input_shape.channels / node.groups;
    std::int64_t bit = 0;
    for (std::int64_t n = tile.out_channel_begin; n < tile.out_channel_end && tile.weight_bytes > 0; ++n) {
        const std::int64_t row = n * group_channels * area;
        for (std::int64_t i = row + tile.in_channel_begin * area; i < row + tile.in_channel_end * area; ++i) {
            const int weight = node.weights[static_cast<std::size_t>(i)];
            const auto field = node.weight_bits == 1 ? (weight < 0 ? 1U : 0U) : static_cast<std::uint32_t>(weight);
            write_bits(bytes, bit, node.weight_bits, field);
            bit += node.weight_bits;
        }
    }
    auto constants = std::span(bytes).subspan(static_cast<std::size_t>(tile.weight_bytes));
    for (std::int64_t n = tile.out_channel_begin; n < tile.out_channel_end && tile.has_constants; ++n) {
        for (const auto& destination : node.destinations) {
            encode_requantizer(destination.channels[static_cast<std::size_t>(n)], constants);
            constants = constants.subspan(kRequantizerBytes);
        }
    }
    return bytes;
}

std::vector<std::int32_t> decode_weights(std::span<const std::byte> bytes, int bits, std::int64_t count) {
    std::vector<std::int32_t> weights(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
        weights[static_cast<std::size_t>(i)] = decode_signed(read_bits(bytes, i * bits, bits), bits);
    }
    return weights;
}

}  // namespace npusim
