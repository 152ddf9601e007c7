// bench_two_levels [PAIRS [FIRST_SEED]]: random networks on random chips, with the array PE by PE and with its commands
// computed at once. Prints every pair that differs, and how many were compared. Random pairs are those of the tests.
#include "support/two_levels.h"

#include <cstdlib>
#include <iostream>

using namespace npusim;

namespace {

constexpr std::size_t kBatch = 200;  // pairs that are held at once

/// Compares pairs from `seed` on; the first seed behind them.
std::uint64_t compare(std::uint64_t seed, std::size_t wanted, std::size_t& layers, std::size_t& differing) {
    const auto pairs = test::random_pairs(seed, wanted);
    const auto differences = test::level_differences(pairs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        layers += pairs[i].network.nodes.size();
        if (differences[i].empty()) continue;
        ++differing;
        std::cout << "seed " << pairs[i].seed << ": " << differences[i] << '\n';
    }
    return pairs.back().seed + 1;
}

}  // namespace

int main(int count, char** values) {
    const std::size_t wanted = count > 1 ? std::strtoull(values[1], nullptr, 10) : 1000;
    std::uint64_t seed = count > 2 ? std::strtoull(values[2], nullptr, 10) : 1'000'000;
    std::size_t layers = 0;
    std::size_t differing = 0;
    for (std::size_t done = 0; done < wanted;) {
        const std::size_t batch = std::min(kBatch, wanted - done);
        seed = compare(seed, batch, layers, differing);
        done += batch;
        std::cerr << "\r" << done << " of " << wanted << std::flush;
    }
    std::cerr << '\n';
    std::cout << wanted << " networks, " << layers
              << " layers on as many random chips, cycles, counters and integers: " << differing << " differ\n";
    return differing == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
