// One network on one chip at both levels of detail.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "npusim/sweeps/result_json.h"
#include "support/random_pair.h"
#include "support/simulate_in_child.h"

namespace npusim::test {

/// What differs, for each pair: empty where both levels gave the same result, and the reference's integers.
inline std::vector<std::string> level_differences(const std::vector<RandomPair>& pairs) {
    std::vector<WorkerJob> jobs;
    for (const auto& pair : pairs) {
        for (const Detail detail : {Detail::transaction, Detail::register_level}) {
            jobs.emplace_back([&pair, detail](const FractionSink&) {
                return simulate_and_compare(
                    pair.network, pair.arch, pair.program, {pair.image},
                    [&](const Image& image) { return reference_run(pair.network, image); }, detail);
            });
        }
    }
    const auto outcomes = run_in_workers(jobs);
    const auto difference_of = [](const WorkerOutcome& fast, const WorkerOutcome& slow) -> std::string {
        for (const WorkerOutcome* outcome : {&fast, &slow}) {
            if (const auto* failure = std::get_if<WorkerFailure>(outcome)) return failure->reason;
        }
        const nlohmann::json a = to_json(std::get<RunResult>(fast));
        const nlohmann::json b = to_json(std::get<RunResult>(slow));
        if (a == b) return "";
        const auto change = nlohmann::json::diff(a, b).front();
        const nlohmann::json::json_pointer place(change.at("path").get<std::string>());
        return place.to_string() + ": " + a.at(place).dump() + ", in registers " + change.at("value").dump();
    };
    std::vector<std::string> differences;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        differences.push_back(difference_of(outcomes[2 * i], outcomes[2 * i + 1]));
    }
    return differences;
}

}  // namespace npusim::test
