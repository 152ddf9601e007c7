// bench_two_levels [--first] [PAIRS [FIRST_SEED]]: random networks on random chips, with the machine cycle by cycle and
// with its commands computed at once. Prints every pair that differs, the first ones made small, and how many were
// compared. --first: stops at the first that differs, and says after how many pairs and in which unit.
#include "support/two_levels.h"

#include <cstdlib>
#include <iostream>

#include "support/varied_pair.h"

using namespace npusim;

namespace {

constexpr std::size_t kBatch = 200;    // pairs that are held at once
constexpr std::size_t kExplained = 3;  // differing pairs that are made small: each takes many runs

struct Comparison {
    bool only_first = false;
    std::size_t pairs = 0, layers = 0, differing = 0;
};

void show(const test::RandomPair& pair, const std::string& difference, Comparison& comparison) {
    ++comparison.differing;
    if (comparison.only_first) {
        const auto parted = test::timeline_difference(pair);
        const std::string_view others = test::is_result_difference(difference) ? "counters" : "integers";
        std::cout << "differs at pair " << comparison.pairs << " (seed " << pair.seed << ") in "
                  << (parted ? name_of(parted->unit) : others) << ": " << difference << '\n';
    } else {
        std::cout << "seed " << pair.seed << ": " << difference << '\n';
        if (comparison.differing <= kExplained) std::cout << test::explained(pair);
    }
}

/// Compares pairs from `seed` on; the first seed behind them.
std::uint64_t compare(std::uint64_t seed, std::size_t wanted, Comparison& comparison) {
    const auto pairs = test::varied_pairs(seed, wanted);
    const auto differences = test::level_differences(pairs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        ++comparison.pairs;
        comparison.layers += pairs[i].network.nodes.size();
        if (differences[i].empty()) continue;
        show(pairs[i], differences[i], comparison);
        if (comparison.only_first) break;
    }
    return pairs.back().seed + 1;
}

int run(const std::vector<std::string>& arguments) {
    Comparison comparison;
    std::vector<std::uint64_t> numbers;
    for (const auto& argument : arguments) {
        if (argument == "--first") {
            comparison.only_first = true;
        } else {
            numbers.push_back(std::stoull(argument));
        }
    }
    const std::size_t wanted = numbers.empty() ? 1000 : numbers[0];
    std::uint64_t seed = numbers.size() > 1 ? numbers[1] : 1'000'000;
    std::size_t batch = comparison.only_first ? 10 : kBatch;
    while (comparison.pairs < wanted && !(comparison.only_first && comparison.differing > 0)) {
        seed = compare(seed, std::min(batch, wanted - comparison.pairs), comparison);
        batch = std::min(kBatch, 2 * batch);
        std::cerr << "\r" << comparison.pairs << " of " << wanted << std::flush;
    }
    std::cerr << '\n';
    std::cout << comparison.pairs << " networks, " << comparison.layers
              << " layers on as many random chips, cycles, counters, timelines and integers: " << comparison.differing
              << " differ\n";
    return comparison.differing == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int count, char** values) {
    try {
        return run({values + 1, values + count});
    } catch (const std::exception& error) {
        std::cerr << "bench_two_levels: " << error.what() << '\n';
        return 2;
    }
}
