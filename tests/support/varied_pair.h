// Random pairs whose chips have all that a chip may have: arbitration, rows and channels, ports, what stays on chip.
#pragma once

#include <utility>
#include <vector>

#include "support/random_dram.h"
#include "support/random_pair.h"

namespace npusim::test {

/// What random_pair leaves plain, drawn by the pair's seed: every second chip arbitrates its activation buffer; half of
/// the pairs have DRAM with channels and rows, ports, and every fourth batches, deeper prefetch and what stays on chip.
inline RandomPair varied(RandomPair pair) {
    std::mt19937_64 random(pair.seed);
    const auto below = [&](std::uint64_t end) { return static_cast<int>(random() % end); };
    ArchSpec& arch = pair.arch;
    arch.activation_buffer.arbitrated = pair.seed % 2 == 1;
    if (below(2) == 0) arch.dram = random_dram(random);
    if (below(2) == 0) {
        for (BufferSpec* buffer : {&arch.weight_buffer, &arch.activation_buffer, &arch.accumulator_buffer}) {
            buffer->ports = 1 + below(2);
        }
    }
    if (below(4) == 0) {
        arch.prefetch_depth = 1 + below(3);
        arch.keep_on_chip.activations = below(3) > 0;
        arch.keep_on_chip.weights = below(3) == 0;
        arch.activation_buffer.bytes <<= below(8);
        arch.weight_buffer.bytes <<= below(6);
        pair.batch = 1 + below(4);
        const auto fitting = RandomArchMaker::made_to_fit(arch, pair.network);
        if (fitting) arch = *fitting;
    }
    arch = parse_arch(to_json(arch), arch.name);
    pair.program = lower(pair.network, arch, pair.batch);
    return pair;
}

inline std::vector<RandomPair> varied_pairs(std::uint64_t first_seed, std::size_t wanted) {
    auto pairs = random_pairs(first_seed, wanted);
    for (auto& pair : pairs) pair = varied(std::move(pair));
    return pairs;
}

}  // namespace npusim::test
