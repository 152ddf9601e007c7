// Worker processes: what a job gives, throws or suffers arrives as an outcome, in the order of the jobs.
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <iterator>
#include <random>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/sweeps/precision_ladder.h"
#include "npusim/sweeps/result_json.h"
#include "npusim/sweeps/worker.h"
#include "support/test_data.h"

using namespace npusim;

namespace {

UnitCycles random_unit(std::mt19937_64& random) {
    UnitCycles unit;
    unit.busy_cycles = random();
    for (auto& cycles : unit.idle_cycles) cycles = random();
    return unit;
}

Counters random_counters(std::mt19937_64& random) {
    Counters counters;
    for (auto* field : {&counters.total_cycles,
                        &counters.macs,
                        &counters.pe_operations,
                        &counters.pe_idle_in_fold_cycles,
                        &counters.pe_stalled_cycles,
                        &counters.pe_steps,
                        &counters.pe_idle_in_fold_bit_cycles,
                        &counters.pe_stalled_bit_cycles,
                        &counters.pe_weight_loads,
                        &counters.pe_loaded_bits,
                        &counters.output_stationary_loaded_bits,
                        &counters.dram.row_hits,
                        &counters.dram.row_misses,
                        &counters.dram.turnarounds,
                        &counters.dram.refreshes,
                        &counters.folds,
                        &counters.requantize_operations,
                        &counters.vector_alu_operations,
                        &counters.accumulator_overflows,
                        &counters.zero_activation_macs,
                        &counters.dram.weight_read_bytes,
                        &counters.dram.parameter_read_bytes,
                        &counters.dram.input_read_bytes,
                        &counters.dram.residual_read_bytes,
                        &counters.dram.output_write_bytes,
                        &counters.dram.burst_waste_bytes,
                        &counters.weight_buffer.reads,
                        &counters.weight_buffer.writes,
                        &counters.activation_buffer.reads,
                        &counters.activation_buffer.writes,
                        &counters.accumulator_buffer.reads,
                        &counters.accumulator_buffer.writes}) {
        *field = random();
    }
    counters.pe_operations_by_bits = {{{1, 16}, random()}, {{4, 8}, random()}};
    counters.output_stationary_operations_by_bits = {{{4, 8}, random()}};
    for (auto* unit : {&counters.load_dma, &counters.array, &counters.vector_unit, &counters.store_dma}) {
        *unit = random_unit(random);
    }
    return counters;
}

RunResult random_result(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    RunResult result;
    result.network = "network " + std::to_string(seed);
    for (std::size_t i = 0; i < 5; ++i) {
        result.layers.push_back({i, "layer" + std::to_string(i), "convolution", random_counters(random)});
    }
    result.total = random_counters(random);
    result.weight_bytes = static_cast<std::int64_t>(random() >> 1);
    result.peak_activation_bytes = static_cast<std::int64_t>(random() >> 1);
    result.logits = {{1, -2, 3}, {}, {2147483647, -2147483647}};
    return result;
}

void check_equal(const RunResult& a, const RunResult& b) {
    CHECK(a.network == b.network);
    REQUIRE(a.layers.size() == b.layers.size());
    for (std::size_t i = 0; i < a.layers.size(); ++i) {
        CHECK(a.layers[i].node == b.layers[i].node);
        CHECK(a.layers[i].name == b.layers[i].name);
        CHECK(a.layers[i].op == b.layers[i].op);
        CHECK(a.layers[i].counters == b.layers[i].counters);
    }
    CHECK(a.total == b.total);
    CHECK(a.weight_bytes == b.weight_bytes);
    CHECK(a.peak_activation_bytes == b.peak_activation_bytes);
    CHECK(a.logits == b.logits);
}

WorkerJob giving(std::uint64_t seed) {
    return [seed](const FractionSink&) { return random_result(seed); };
}

WorkerJob ending_by(int signal) {
    return [signal](const FractionSink&) -> RunResult {
        std::signal(signal, SIG_DFL);  // the test program handles most signals itself
        ::raise(signal);
        return {};
    };
}

WorkerFailure failure_of(const WorkerJob& job, const WorkerOptions& options = {}) {
    const auto outcomes = run_in_workers({job}, options);
    REQUIRE(std::holds_alternative<WorkerFailure>(outcomes.at(0)));
    return std::get<WorkerFailure>(outcomes[0]);
}

ArchSpec preset(const std::string& name) {
    return read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / (name + ".json"));
}

}  // namespace

TEST_CASE("A result comes out of a worker with every field as the job gave it") {
    const auto outcomes = run_in_workers({giving(1), giving(2)});
    REQUIRE(outcomes.size() == 2);
    check_equal(result_or_throw(outcomes[0]), random_result(1));
    check_equal(result_or_throw(outcomes[1]), random_result(2));
}

TEST_CASE("What a job throws arrives with its message and its kind") {
    CHECK(failure_of([](const FractionSink&) -> RunResult { throw InputError("a.json", "/x", "is 3"); }) ==
          WorkerFailure{FailureKind::bad_input, "a.json: /x: is 3"});
    CHECK(failure_of([](const FractionSink&) -> RunResult { throw std::logic_error("deadlock in layer 3"); }) ==
          WorkerFailure{FailureKind::error, "deadlock in layer 3"});
    CHECK(failure_of([](const FractionSink&) -> RunResult { throw 7; }).kind == FailureKind::error);
}

TEST_CASE("A failure is thrown again as what it was in the worker") {
    CHECK_THROWS_AS(result_or_throw(WorkerFailure{FailureKind::bad_input, "x"}), InputError);
    CHECK_THROWS_WITH(result_or_throw(WorkerFailure{FailureKind::crashed, "killed"}), "killed");
}

TEST_CASE("A worker that a signal ends becomes a failure that names the signal, and the others go on") {
    const auto outcomes = run_in_workers({giving(1), ending_by(SIGKILL), giving(2), ending_by(SIGSEGV), giving(3)});
    check_equal(result_or_throw(outcomes[0]), random_result(1));
    check_equal(result_or_throw(outcomes[2]), random_result(2));
    check_equal(result_or_throw(outcomes[4]), random_result(3));
    const auto& killed = std::get<WorkerFailure>(outcomes[1]);
    CHECK(killed.kind == FailureKind::crashed);
    CHECK(killed.reason == "worker killed by SIGKILL (Killed)");
    CHECK(std::get<WorkerFailure>(outcomes[3]).reason == "worker killed by SIGSEGV (Segmentation fault)");
}

TEST_CASE("A worker that exits without a result becomes a failure that names its exit code") {
    const auto failure = failure_of([](const FractionSink&) -> RunResult { ::_exit(5); });
    CHECK(failure.kind == FailureKind::crashed);
    CHECK(failure.reason == "worker ended with code 5 and without a result");
}

TEST_CASE("A worker that does not end is stopped at its time limit") {
    WorkerOptions options;
    options.time_limit = std::chrono::milliseconds(100);
    const auto failure = failure_of(
        [](const FractionSink&) -> RunResult {
            for (;;) ::pause();
        },
        options);
    CHECK(failure.kind == FailureKind::timed_out);
    CHECK(failure.reason == "worker stopped: not done after 100 ms");
}

TEST_CASE("Outcomes stand in the order of the jobs, however many workers there are and whoever ends first") {
    std::vector<WorkerJob> jobs;
    for (std::uint64_t seed = 0; seed < 9; ++seed) {
        jobs.emplace_back([seed](const FractionSink&) {
            ::usleep(static_cast<useconds_t>((9 - seed) * 3000));
            return random_result(seed);
        });
    }
    for (const unsigned workers : {1U, 2U, 4U, 20U}) {
        WorkerOptions options;
        options.workers = workers;
        const auto outcomes = run_in_workers(jobs, options);
        for (std::uint64_t seed = 0; seed < jobs.size(); ++seed) {
            check_equal(result_or_throw(outcomes.at(seed)), random_result(seed));
        }
    }
}

TEST_CASE("No more jobs run at once than there are workers") {
    const test::TemporaryFolder folder;
    const auto count_running = [&](const FractionSink&) {
        const auto mine = folder / std::to_string(::getpid());
        write_whole_file(mine, "");
        ::usleep(20'000);
        RunResult result;
        result.weight_bytes = std::distance(std::filesystem::directory_iterator(folder.path()), {});
        std::filesystem::remove(mine);
        return result;
    };
    WorkerOptions options;
    options.workers = 1;
    for (const auto& outcome : run_in_workers(std::vector<WorkerJob>(4, count_running), options)) {
        CHECK(result_or_throw(outcome).weight_bytes == 1);
    }
}

TEST_CASE("Progress of all jobs reaches the parent, never falls and ends at 1") {
    std::vector<double> seen;
    WorkerOptions options;
    options.progress = [&](double fraction) { seen.push_back(fraction); };
    const WorkerJob job = [](const FractionSink& progress) {
        for (const double done : {0.25, 0.5, 0.75}) {
            progress(done);
            ::usleep(2000);
        }
        return RunResult{};
    };
    (void)run_in_workers({job, job, job}, options);
    REQUIRE_FALSE(seen.empty());
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(seen.front() < 1);
    CHECK(seen.back() == 1);
}

TEST_CASE("What the parent has buffered for a stream is written once") {
    const test::TemporaryFolder folder;
    const auto path = folder / "stream";
    std::FILE* stream = std::fopen(path.c_str(), "w");
    REQUIRE(stream != nullptr);
    std::fputs("once\n", stream);
    (void)run_in_workers({giving(1), giving(2)});
    std::fclose(stream);
    CHECK(read_text_file(path) == "once\n");
}

TEST_CASE("Simulations give the same result in one worker and in two, twice") {
    const Network network = make_network("resnet20");
    const ArchSpec eight = preset("int8_array");
    const ArchSpec four = preset("int4_array");
    const std::vector<WorkerJob> jobs{
        [&](const FractionSink& progress) { return run_timing(network, eight, progress); },
        [&](const FractionSink& progress) { return run_timing(network, four, progress); }};
    WorkerOptions options;
    options.workers = 1;
    const auto one = run_in_workers(jobs, options);
    options.workers = 2;
    const auto two = run_in_workers(jobs, options);
    for (std::size_t job = 0; job < jobs.size(); ++job) {
        CHECK(result_or_throw(one[job]).total.total_cycles > 0);
        check_equal(result_or_throw(one[job]), result_or_throw(two[job]));
    }
    CHECK(result_or_throw(one[0]).total != result_or_throw(one[1]).total);
}

TEST_CASE("A layer that does not fit a buffer fails its own run as bad input") {
    ArchSpec tiny = preset("int8_array");
    tiny.activation_buffer.bytes = 64;
    const Network network = make_network("resnet20");
    const auto failure = failure_of([&](const FractionSink& progress) { return run_timing(network, tiny, progress); });
    CHECK(failure.kind == FailureKind::bad_input);
    CHECK_THAT(failure.reason, Catch::Contains("conv1") && Catch::Contains("activation"));
}
