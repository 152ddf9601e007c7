// bench_two_levels [PAIRS [FIRST_SEED]]: random networks on random chips, with the array PE by PE and with its commands
// computed at once. Prints every pair that differs, and how many were compared. Random pairs are those of the tests.
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "npusim/sweeps/result_json.h"
#include "npusim/sweeps/worker.h"
#include "support/random_pair.h"
#include "support/simulate_in_child.h"

using namespace npusim;

namespace {

/// Empty where both levels gave the same.
std::string difference(const WorkerOutcome& fast, const WorkerOutcome& slow) {
    for (const WorkerOutcome* outcome : {&fast, &slow}) {
        if (const auto* failure = std::get_if<WorkerFailure>(outcome)) return failure->reason;
    }
    const nlohmann::json a = to_json(std::get<RunResult>(fast));
    const nlohmann::json b = to_json(std::get<RunResult>(slow));
    if (a == b) return "";
    const auto change = nlohmann::json::diff(a, b).front();
    const nlohmann::json::json_pointer place(change.at("path").get<std::string>());
    return place.to_string() + ": " + a.at(place).dump() + ", in registers " + change.at("value").dump();
}

constexpr std::size_t kBatch = 200;  // pairs that are held at once

/// Compares pairs from `seed` on; the first seed behind them.
std::uint64_t compare(std::uint64_t seed, std::size_t wanted, std::size_t& layers, std::size_t& differing) {
    const auto pairs = test::random_pairs(seed, wanted);
    std::vector<WorkerJob> jobs;
    for (const auto& pair : pairs) {
        for (const Detail detail : {Detail::transaction, Detail::register_level}) {
            jobs.emplace_back([&pair, detail](const FractionSink&) {
                return test::simulate_and_compare(
                    pair.network, pair.arch, pair.program, {pair.image},
                    [&](const test::Image& image) { return reference_run(pair.network, image); }, detail);
            });
        }
    }
    const auto outcomes = run_in_workers(jobs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        layers += pairs[i].network.nodes.size();
        const std::string found = difference(outcomes[2 * i], outcomes[2 * i + 1]);
        if (found.empty()) continue;
        ++differing;
        std::cout << "seed " << pairs[i].seed << ": " << found << '\n';
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
