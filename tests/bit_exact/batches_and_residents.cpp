// Batches, tensors and weights that stay on chip, and deeper prefetch: they change when data moves, no integer.
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "npusim/sweeps/result_json.h"
#include "support/random_pair.h"
#include "support/simulate_in_child.h"

namespace npusim {

namespace {

struct DrawnRun {
    test::RandomPair pair;
    Program program;
    std::vector<test::Image> images;
};

/// A random pair on a chip that keeps things, for batches that its images fill or do not fill.
std::optional<DrawnRun> draw(std::uint64_t seed) {
    auto pair = test::random_pair(seed);
    if (!pair) return std::nullopt;
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t end) { return static_cast<std::int64_t>(random() % end); };
    ArchSpec arch = pair->arch;
    arch.prefetch_depth = static_cast<int>(1 + below(3));
    arch.keep_on_chip.activations = below(3) > 0;
    arch.keep_on_chip.weights = below(3) == 0;
    arch.activation_buffer.bytes <<= below(8);
    arch.weight_buffer.bytes <<= below(6);
    const std::int64_t batch = 1 + below(6);
    const auto fitting = test::RandomArchMaker::made_to_fit(arch, pair->network);
    if (!fitting) return std::nullopt;
    DrawnRun run{std::move(*pair), {}, {}};
    run.pair.arch = *fitting;
    run.program = lower(run.pair.network, run.pair.arch, batch);
    test::RandomNetworkMaker maker({.seed = seed + 1});
    for (std::int64_t image = below(3); image >= 0; --image) run.images.push_back(maker.image(run.pair.network));
    return run;
}

RunResult compared(const DrawnRun& run, Detail detail) {
    return test::simulate_and_compare(
        run.pair.network, run.pair.arch, run.program, run.images,
        [&](const test::Image& image) { return reference_run(run.pair.network, image); }, detail);
}

std::string text_of(const WorkerOutcome& outcome) {
    if (const auto* failure = std::get_if<WorkerFailure>(&outcome)) return failure->reason;
    return to_json(std::get<RunResult>(outcome)).dump();
}

void note(const DrawnRun& run, std::map<std::string, int>& seen) {
    const Program& program = run.program;
    if (program.batch > 1) ++seen["batches"];
    if (std::ssize(run.images) % program.batch != 0) ++seen["batches that are not full"];
    if (run.pair.arch.double_buffering && run.pair.arch.prefetch_depth > 1) ++seen["deeper prefetch"];
    for (const auto& resident : program.residents) seen["residents"] += resident ? 1 : 0;
    for (const LayerProgram& layer : program.layers) {
        if (layer.weights_stay) ++seen["weights that stay"];
        if (layer.tiling.images > 1) ++seen["tiles of several images"];
        if (program.batch % layer.tiling.images != 0) ++seen["partial image tiles"];
    }
}

}  // namespace

TEST_CASE("Batches, residents and prefetch change no integer, and both levels of detail agree on all of them") {
    std::vector<DrawnRun> runs;
    std::map<std::string, int> seen;
    for (std::uint64_t seed = 800'000; runs.size() < 70; ++seed) {
        auto run = draw(seed);
        if (!run) continue;
        note(*run, seen);
        runs.push_back(std::move(*run));
    }
    std::vector<WorkerJob> jobs;
    for (const DrawnRun& run : runs) {
        jobs.emplace_back([&](const FractionSink&) { return compared(run, Detail::transaction); });
        jobs.emplace_back([&](const FractionSink&) { return compared(run, Detail::register_level); });
    }
    const auto outcomes = run_in_workers(jobs);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        INFO("seed " << runs[i].pair.seed << ", batch " << runs[i].program.batch);
        const auto* failure = std::get_if<WorkerFailure>(&outcomes[2 * i]);
        CHECK((failure == nullptr ? "" : failure->reason) == "");
        CHECK(text_of(outcomes[2 * i]) == text_of(outcomes[2 * i + 1]));
    }
    for (const char* name : {"batches", "batches that are not full", "deeper prefetch", "residents",
                             "weights that stay", "tiles of several images", "partial image tiles"}) {
        INFO(name);
        CHECK(seen[name] >= 5);
    }
}

TEST_CASE("A run with data takes the cycles and counts of one without, with batches and residents too") {
    int compared_runs = 0;
    for (std::uint64_t seed = 810'000; compared_runs < 40; ++seed) {
        const auto run = draw(seed);
        if (!run) continue;
        ++compared_runs;
        INFO("seed " << seed << ", batch " << run->program.batch);
        const RunResult timing = test::simulate_in_child(run->pair.network, run->pair.arch, run->program);
        RunResult data = test::simulate_in_child(run->pair.network, run->pair.arch, run->program, run->images);
        for (LayerResult& layer : data.layers) {
            layer.counters.accumulator_overflows = layer.counters.zero_activation_macs = 0;
        }
        REQUIRE(timing.layers.size() == data.layers.size());
        for (std::size_t i = 0; i < timing.layers.size(); ++i) {
            CHECK(timing.layers[i].counters == data.layers[i].counters);
        }
        CHECK(timing.first_total.total_cycles == data.first_total.total_cycles);
        CHECK(data.logits.size() == run->images.size());
    }
}

}  // namespace npusim
