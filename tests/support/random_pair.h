// A random network, an architecture that holds it, and an image.
#pragma once

#include <optional>
#include <stdexcept>
#include <vector>

#include "support/random_arch.h"
#include "support/random_network.h"

namespace npusim::test {

struct RandomPair {
    std::uint64_t seed = 0;
    QuantizedNetwork network;
    ArchSpec arch;
    std::vector<std::int32_t> image;
    Program program;
    std::int64_t batch = 1;  ///< images that the program takes through together; one is there
};

/// Signed one-bit integers have no zero, and no quantizer makes them: such tensors get two bits.
inline void widen_signed_bits(QuantizedNetwork& network) {
    for (auto& tensor : network.tensors) {
        if (tensor.is_signed && tensor.bits == 1) tensor.bits = 2;
    }
    for (auto& node : network.nodes) node.input_bits = network.tensors[node.input.tensor].bits;
}

/// The pair of a seed; nothing where the network cannot be stored (a concatenation that begins within a byte).
inline std::optional<RandomPair> random_pair(std::uint64_t seed, RandomNetworkOptions options = {}) {
    constexpr std::int64_t most_channels[] = {6, 12, 24, 40};
    constexpr std::int64_t most_extent[] = {4, 8, 14};
    options.seed = seed;
    options.nodes = 4;
    options.max_channels = most_channels[seed % 4];
    options.max_extent = most_extent[seed % 3];
    // A concatenation lies on whole bytes at 8 and 16 bits; narrower ones only now and then.
    if (seed % 2 == 0) options.activation_bits = seed % 5 == 0 ? std::vector<int>{1, 2, 4, 8} : std::vector<int>{8, 16};
    if (seed % 2 == 1) options.concatenation = false;
    auto [network, image] = random_network(options);
    widen_signed_bits(network);
    RandomArchMaker maker(seed);
    const auto arch = RandomArchMaker::made_to_fit(maker.make(network.accumulator_bits), network);
    if (!arch) return std::nullopt;
    Program program = lower(network, *arch);
    return RandomPair{seed, std::move(network), *arch, std::move(image), std::move(program), 1};
}

/// `wanted` pairs of the seeds from `first_seed` on.
inline std::vector<RandomPair> random_pairs(std::uint64_t first_seed, std::size_t wanted,
                                            const RandomNetworkOptions& options = {}) {
    std::vector<RandomPair> pairs;
    for (std::uint64_t seed = first_seed; pairs.size() < wanted; ++seed) {
        if (seed > first_seed + 4 * wanted) throw std::runtime_error("too many random networks cannot be lowered");
        if (auto pair = random_pair(seed, options)) pairs.push_back(std::move(*pair));
    }
    return pairs;
}

}  // namespace npusim::test
