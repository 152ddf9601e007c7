// Programs of random pairs, timed on chips that differ from those that they were lowered for.
#pragma once

#include <vector>

#include "npusim/sim/simulate.h"
#include "npusim/sweeps/worker.h"
#include "support/random_pair.h"

namespace npusim::test {

/// Times each pair's program after `change` to its architecture, each in a process of its own.
template <typename Change>
std::vector<RunResult> time_all(const std::vector<RandomPair>& pairs, const Change& change) {
    std::vector<WorkerJob> jobs;
    for (const auto& pair : pairs) {
        jobs.emplace_back([&](const FractionSink&) {
            ArchSpec arch = pair.arch;
            change(arch);
            return simulate({pair.network, arch, pair.program, {}, {}, {}});
        });
    }
    std::vector<RunResult> results;
    for (const auto& outcome : run_in_workers(jobs)) results.push_back(result_or_throw(outcome));
    return results;
}

}  // namespace npusim::test
