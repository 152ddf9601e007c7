// The dataflow that "auto" gives each layer, against the machine in every dataflow.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "npusim/base/error.h"
#include "npusim/workloads/lowering/dataflow.h"
#include "support/random_pair.h"
#include "support/simulate_in_child.h"

namespace npusim {

namespace {

/// Without what lowering's forecast leaves out.
ArchSpec flat(ArchSpec arch, std::optional<DataflowGoal> goal) {
    arch.array.auto_dataflow = goal;
    arch.array.layer_dataflows.clear();
    arch.dram.channels = 1;
    arch.dram.timing.reset();
    arch.keep_on_chip = {};
    return arch;
}

struct Case {
    std::uint64_t seed = 0;
    QuantizedNetwork network;
    ArchSpec arch;
};

std::vector<Case> cases(std::uint64_t first_seed, std::size_t wanted) {
    std::vector<Case> found;
    for (auto& pair : test::random_pairs(first_seed, wanted)) {
        found.push_back({pair.seed, std::move(pair.network), flat(pair.arch, std::nullopt)});
    }
    return found;
}

Program lowered(const Case& one, DataflowGoal goal) {
    return lower(one.network, flat(one.arch, goal));
}

/// Times of each case in each dataflow that it fits, by the name of the layer.
std::vector<std::map<Dataflow, RunResult>> time_in_each(const std::vector<Case>& cases) {
    std::vector<WorkerJob> jobs;
    for (const Case& one : cases) {
        for (const auto& [dataflow, policy] : dataflows()) {
            jobs.emplace_back([&one, dataflow = dataflow](const FractionSink&) -> RunResult {
                ArchSpec arch = one.arch;
                arch.array.dataflow = dataflow;
                try {
                    const Program program = lower(one.network, arch);
                    return simulate({one.network, arch, program, {}, {}, {}});
                } catch (const InputError&) {
                    return {};
                }
            });
        }
    }
    const auto outcomes = run_in_workers(jobs);
    std::vector<std::map<Dataflow, RunResult>> times(cases.size());
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        RunResult result = result_or_throw(outcomes[i]);
        const Dataflow dataflow = dataflows()[i % dataflows().size()].first;
        if (!result.layers.empty()) times[i / dataflows().size()][dataflow] = std::move(result);
    }
    return times;
}

}  // namespace

TEST_CASE("The forecast of each layer in each dataflow has the machine's cycles and DRAM bytes") {
    const auto all = cases(710'000, 60);
    const auto times = time_in_each(all);
    std::size_t compared = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Program program = lowered(all[i], DataflowGoal::fastest);
        for (std::size_t l = 0; l < program.layers.size(); ++l) {
            for (const DataflowForecast& forecast : program.layers[l].dataflow_forecasts) {
                const auto timed = times[i].find(forecast.dataflow);
                if (timed == times[i].end()) continue;
                const Counters& counters = timed->second.layers.at(l).counters;
                INFO("seed " << all[i].seed << ", layer " << program.layers[l].name << ", "
                             << name_of(forecast.dataflow));
                CHECK(static_cast<std::uint64_t>(forecast.cycles) == counters.total_cycles);
                CHECK(static_cast<std::uint64_t>(forecast.dram_bytes) == counters.dram.moved_bytes());
                ++compared;
            }
        }
    }
    CHECK(compared > 200);
}

TEST_CASE("Each layer takes the dataflow with the fewest cycles, or the least data movement") {
    for (const Case& one : cases(720'000, 40)) {
        const auto check = [&](DataflowGoal goal, auto value_of) {
            for (const LayerProgram& layer : lowered(one, goal).layers) {
                if (layer.dataflow_forecasts.empty()) {
                    CHECK(layer.dataflow_reason.empty());
                    continue;
                }
                const auto& forecasts = layer.dataflow_forecasts;
                const auto taken = std::find_if(forecasts.begin(), forecasts.end(),
                                                [&](const auto& at) { return at.dataflow == layer.dataflow; });
                REQUIRE(taken != forecasts.end());
                for (const DataflowForecast& other : forecasts) CHECK(value_of(*taken) <= value_of(other));
                CHECK(!layer.dataflow_reason.empty());
            }
        };
        check(DataflowGoal::fastest, [](const DataflowForecast& forecast) { return forecast.cycles; });
        check(DataflowGoal::frugal, [](const DataflowForecast& forecast) { return forecast.movement_cost; });
    }
}

TEST_CASE("The machine with the fastest dataflow in each layer is never slower than with one for all") {
    const auto all = cases(730'000, 40);
    const auto times = time_in_each(all);
    std::vector<WorkerJob> jobs;
    for (const Case& one : all) {
        jobs.emplace_back([&one](const FractionSink&) {
            const ArchSpec arch = flat(one.arch, DataflowGoal::fastest);
            const Program program = lower(one.network, arch);
            return simulate({one.network, arch, program, {}, {}, {}});
        });
    }
    const auto outcomes = run_in_workers(jobs);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::uint64_t cycles = result_or_throw(outcomes[i]).total.total_cycles;
        for (const auto& [dataflow, result] : times[i]) {
            INFO("seed " << all[i].seed << ", " << name_of(dataflow));
            CHECK(cycles <= result.total.total_cycles);
        }
    }
}

TEST_CASE("A layer that is named has its own dataflow, with and without auto") {
    for (const Case& one : cases(740'000, 20)) {
        const auto& nodes = one.network.nodes;
        const auto node =
            std::find_if(nodes.begin(), nodes.end(), [](const auto& at) { return at.op == QuantizedOp::convolution; });
        if (node == nodes.end()) continue;
        for (const auto& [dataflow, policy] : dataflows()) {
            for (const std::optional<DataflowGoal> goal : {std::optional<DataflowGoal>{}, {DataflowGoal::frugal}}) {
                ArchSpec arch = flat(one.arch, goal);
                arch.array.layer_dataflows[node->name] = dataflow;
                const auto fitting = test::RandomArchMaker::made_to_fit(arch, one.network);
                REQUIRE(fitting);
                const Program program = lower(one.network, *fitting);
                CHECK(program.layers[static_cast<std::size_t>(node - nodes.begin())].dataflow == dataflow);
            }
        }
    }
}

TEST_CASE("A layer that the network does not run on the array is refused, with the names near it") {
    const Case one = cases(750'000, 1).front();
    ArchSpec arch = one.arch;
    arch.array.layer_dataflows["nowhere"] = Dataflow::output_stationary;
    try {
        (void)lower(one.network, arch);
        FAIL("it was lowered");
    } catch (const InputError& error) {
        CHECK_THAT(error.what(), Catch::Contains("/array/layer_dataflows"));
        CHECK_THAT(error.what(), Catch::Contains("no layer \"nowhere\" on the array; the nearest are "));
    }
}

}  // namespace npusim
