// One network on one chip at both levels of detail.
#pragma once

#include <filesystem>
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

/// A run that is watched; its timeline becomes a file.
inline RunResult watched_run_at(const RandomPair& pair, Detail detail, const std::filesystem::path& file) {
    RunTimeline timeline;
    RunResult result = run_at(pair, detail, [&](const LayerTimeline& layer) { timeline.push_back(spans_of(layer)); });
    write_whole_file(file, nlohmann::json(timeline).dump());
    return result;
}

/// Of two files. Where only the transfers differ, there is none.
inline std::optional<TimelineDifference> timeline_difference(const std::string& first, const std::string& second) {
    return first_difference(nlohmann::json::parse(first).get<RunTimeline>(),
                            nlohmann::json::parse(second).get<RunTimeline>());
}

/// What differs, for each pair: empty where both levels gave the same result, the same spans of every unit and the same
/// transfers, and the reference's integers.
inline std::vector<std::string> level_differences(const std::vector<RandomPair>& pairs) {
    const TemporaryFolder folder;
    std::vector<WorkerJob> jobs;
    std::vector<std::filesystem::path> files;
    for (const auto& pair : pairs) {
        for (const Detail detail : kBothDetails) {
            files.push_back(folder / std::to_string(files.size()));
            jobs.emplace_back([&pair, detail, file = files.back()](const FractionSink&) {
                return watched_run_at(pair, detail, file);
            });
        }
    }
    const auto outcomes = run_in_workers(jobs);
    std::vector<std::string> differences;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        std::string found = difference_of(outcomes[2 * i], outcomes[2 * i + 1]);
        if (found.empty()) {
            const std::string first = read_text_file(files[2 * i]);
            const std::string second = read_text_file(files[2 * i + 1]);
            const auto parted = first == second ? std::nullopt : timeline_difference(first, second);
            if (first != second) found = "/timeline: " + (parted ? text_of(*parted) : "transfers differ");
        }
        differences.push_back(std::move(found));
    }
    return differences;
}

/// Where the units' times part; nothing where they do not, or a run fails.
inline std::optional<TimelineDifference> timeline_difference(const RandomPair& pair) {
    const TemporaryFolder folder;
    std::vector<WorkerJob> jobs;
    for (const Detail detail : kBothDetails) {
        const auto file = folder / std::to_string(static_cast<int>(detail));
        jobs.emplace_back([&pair, detail, file](const FractionSink&) { return watched_run_at(pair, detail, file); });
    }
    for (const auto& outcome : run_in_workers(jobs)) {
        if (std::holds_alternative<WorkerFailure>(outcome)) return std::nullopt;
    }
    return timeline_difference(read_text_file(folder / "0"), read_text_file(folder / "1"));
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
