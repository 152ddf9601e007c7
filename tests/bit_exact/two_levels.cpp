// The machine with its array PE by PE, and with its array's commands computed at once: the same cycles, counters and
// integers.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "npusim/sweeps/result_json.h"
#include "support/random_pair.h"
#include "support/simulate_in_child.h"

using namespace npusim;

namespace {

/// The first field in which two results differ.
std::string first_difference(const nlohmann::json& a, const nlohmann::json& b) {
    const auto patch = nlohmann::json::diff(a, b);
    return patch.empty() ? ""
                         : patch.front().at("path").get<std::string>() + " is " +
                               a.at(nlohmann::json::json_pointer(patch.front().at("path"))).dump() +
                               " at transaction level, " + patch.front().at("value").dump() + " in registers";
}

}  // namespace

TEST_CASE("Random networks on random chips take the same cycles, counts and integers at both levels of detail") {
    const auto pairs = test::random_pairs(700'000, 60);
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
        INFO("seed " << pairs[i].seed << ", " << name_of(pairs[i].arch.array.dataflow));
        const RunResult& fast = result_or_throw(outcomes[2 * i]);
        const RunResult& slow = result_or_throw(outcomes[2 * i + 1]);
        CHECK(fast.total == slow.total);
        CHECK(first_difference(to_json(fast), to_json(slow)).empty());
    }
}
