// One network on one chip at both levels of detail.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "npusim/base/files.h"
#include "npusim/sweeps/result_json.h"
#include "support/random_pair.h"
#include "support/run_timeline.h"
#include "support/shrink_pair.h"
#include "support/simulate_in_child.h"
#include "support/test_data.h"

namespace npusim::test {

/// A run that is compared with the reference's integers; the machine's units are watched where `observe` is not empty.
inline RunResult run_at(const RandomPair& pair, Detail detail,
                        const std::function<void(const LayerTimeline&)>& observe = {}) {
    return simulate_and_compare(
        pair.network, pair.arch, pair.program, {pair.image},
        [&](const Image& image) { return reference_run(pair.network, image); }, detail, observe);
}

inline std::string difference_of(const WorkerOutcome& fast, const WorkerOutcome& slow) {
    for (const WorkerOutcome* outcome : {&fast, &slow}) {
        if (const auto* failure = std::get_if<WorkerFailure>(outcome)) return failure->reason;
    }
    const nlohmann::json a = to_json(std::get<RunResult>(fast));
    const nlohmann::json b = to_json(std::get<RunResult>(slow));
    if (a == b) return "";
    const auto change = nlohmann::json::diff(a, b).front();
    const nlohmann::json::json_pointer place(change.at("path").get<std::string>());
    return place.to_string() + ": " + (a.contains(place) ? a.at(place).dump() : "nothing") + ", in registers " +
           change.value("value", nlohmann::json()).dump();
}

/// Of two results, not that one of the runs failed.
inline bool is_result_difference(const std::string& difference) {
    return difference.starts_with('/');
}

constexpr Detail kBothDetails[] = {Detail::transaction, Detail::register_level};

/// What differs, for each pair: empty where both levels gave the same result, and the reference's integers.
inline std::vector<std::string> level_differences(const std::vector<RandomPair>& pairs) {
    std::vector<WorkerJob> jobs;
    for (const auto& pair : pairs) {
        for (const Detail detail : kBothDetails) {
            jobs.emplace_back([&pair, detail](const FractionSink&) { return run_at(pair, detail); });
        }
    }
    const auto outcomes = run_in_workers(jobs);
    std::vector<std::string> differences;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        differences.push_back(difference_of(outcomes[2 * i], outcomes[2 * i + 1]));
    }
    return differences;
}

/// Where the units' times part; nothing where they do not, or a run fails.
inline std::optional<TimelineDifference> timeline_difference(const RandomPair& pair) {
    const TemporaryFolder folder;
    std::vector<WorkerJob> jobs;
    for (const Detail detail : kBothDetails) {
        jobs.emplace_back([&, detail](const FractionSink&) {
            RunTimeline timeline;
            const auto keep = [&](const LayerTimeline& layer) { timeline.push_back(spans_of(layer)); };
            RunResult result = run_at(pair, detail, keep);
            write_whole_file(folder / std::to_string(static_cast<int>(detail)), nlohmann::json(timeline).dump());
            return result;
        });
    }
    std::vector<RunTimeline> timelines;
    for (const auto& outcome : run_in_workers(jobs)) {
        if (std::holds_alternative<WorkerFailure>(outcome)) return std::nullopt;
    }
    for (const Detail detail : kBothDetails) {
        const std::string text = read_text_file(folder / std::to_string(static_cast<int>(detail)));
        timelines.push_back(nlohmann::json::parse(text).get<RunTimeline>());
    }
    return first_difference(timelines[0], timelines[1]);
}

/// The pair made small, what still differs, and where the two runs part: all that a reader needs to look for the cause.
inline std::string explained(const RandomPair& pair) {
    // A failure must not become a difference, or the other way round: it would be another bug's.
    const bool failed = !is_result_difference(level_differences({pair}).front());
    PairShrinker shrinker([failed](const RandomPair& one) {
        const std::string found = level_differences({one}).front();
        return !found.empty() && !is_result_difference(found) == failed;
    });
    const RandomPair small = shrinker.shrunk(pair);
    std::string text = "seed " + std::to_string(pair.seed) + ", shrunk: " + level_differences({small}).front() + '\n';
    const auto parted = timeline_difference(small);
    text += (parted ? text_of(*parted) : std::string("the units' times do not differ")) + '\n';
    for (const auto& node : small.network.nodes) text += layer_json(small.network, node).dump() + '\n';
    return text + to_json(small.arch).dump() + '\n';
}

}  // namespace npusim::test
