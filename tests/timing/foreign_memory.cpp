// A TLM-2.0 memory from outside in the place of the chip's DRAM.
#include <catch2/catch.hpp>
#include <memory>

#include "../../examples/foreign_memory/two_level_memory.h"
#include "npusim/systemc/memory.h"
#include "support/hand_program.h"
#include "support/program_run.h"
#include "support/random_pair.h"

namespace npusim {
namespace {

using test::hand_arch;
using test::HandProgram;

sc_core::sc_time ns(double value) {
    return {value, sc_core::SC_NS};
}

/// Answers after a time of its own, by the delay, by waiting, or by half of both; keeps no data.
class FixedLatency : public sc_core::sc_module {
public:
    FixedLatency(const sc_core::sc_module_name& name, sc_core::sc_time waits, sc_core::sc_time delays)
        : sc_module(name), waits_(std::move(waits)), delays_(std::move(delays)) {
        socket.register_b_transport(this, &FixedLatency::b_transport);
    }
    tlm_utils::simple_target_socket<FixedLatency> socket{"socket"};

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
        if (waits_ > sc_core::SC_ZERO_TIME) sc_core::wait(waits_);
        delay += delays_;
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }
    sc_core::sc_time waits_, delays_;
};

Counters run_with_latency(const HandProgram& program, double waits_ns, double delays_ns) {
    const auto outcomes = run_in_workers({[&](const FractionSink&) {
        std::unique_ptr<FixedLatency> memory;
        return simulate_with_memory({program.network(), program.arch(), program.program(), {}, {}, {}},
                                    [&](const MemoryNeeds&) -> MemorySocket& {
                                        memory = std::make_unique<FixedLatency>("fixed", ns(waits_ns), ns(delays_ns));
                                        return memory->socket;
                                    });
    }});
    return result_or_throw(outcomes.front()).total;
}

void check_balance(const Counters& counters) {
    for (const UnitCycles* unit : {&counters.load_dma, &counters.array, &counters.vector_unit, &counters.store_dma}) {
        CHECK(unit->total_cycles() == counters.total_cycles);
    }
}

/// The pair with its image against the two-level memory: the reference's integers, or an exception.
RunResult run_pair(const test::RandomPair& pair, double slow_ns) {
    std::unique_ptr<TwoLevelMemory> memory;
    std::string problem;
    SimulationInput input{pair.network, pair.arch, pair.program, {pair.image}, {}, {}};
    input.observe_tensors = [&](std::size_t, const std::vector<test::Image>& tensors) {
        problem = test::difference(pair.network, reference_run(pair.network, pair.image), tensors);
    };
    RunResult result = simulate_with_memory(input, [&](const MemoryNeeds& needs) -> MemorySocket& {
        memory = std::make_unique<TwoLevelMemory>("memory", needs.bytes, needs.bytes / 2,
                                                  TwoLevelMemory::Level{ns(2), ns(0.3)},
                                                  TwoLevelMemory::Level{ns(slow_ns), ns(1.25)});
        return memory->socket;
    });
    if (!problem.empty()) throw std::runtime_error(problem);
    return result;
}

}  // namespace

TEST_CASE("An outside memory's delay and its waiting count alike, in whole cycles, rounded up") {
    HandProgram program(hand_arch());
    program.weights(80, {}, {Token::weights_ready}).array(test::one_fold(20), {Token::weights_ready}, {});
    for (const auto& [waits, delays, cycles] : {std::tuple{0.0, 40.0, 40},
                                                {40.0, 0.0, 40},
                                                {15.0, 25.0, 40},
                                                {0.0, 39.2, 40},
                                                {39.2, 0.0, 40},
                                                {0.4, 0.4, 1},
                                                {39.95, 0.01, 40},
                                                {0.0, 0.0, 0}}) {
        const Counters counters = run_with_latency(program, waits, delays);
        INFO(waits << " + " << delays << " ns");
        CHECK(counters.total_cycles == static_cast<std::uint64_t>(cycles) + 30);
        CHECK(counters.dram.moved_bytes() == 80);
        check_balance(counters);
    }
}

TEST_CASE("Two loads overlap in an outside memory that answers by delay, and follow each other where it waits") {
    HandProgram program(hand_arch());
    for (int i = 0; i < 4; ++i) program.weights(80, {}, {});
    CHECK(run_with_latency(program, 0, 40).total_cycles == 80);
    const Counters waited = run_with_latency(program, 40, 0);
    CHECK(waited.total_cycles == 160);
    CHECK(waited.load_dma.idle(IdleCause::dram) == 160 - 40);
    check_balance(waited);
}

TEST_CASE("With an outside memory integers and bytes stay, and the cycles are the memory's") {
    const auto pairs = test::random_pairs(460'000, 12);
    std::vector<WorkerJob> jobs;
    for (const auto& pair : pairs) {
        for (const double slow_ns : {3.0, 400.0}) {
            jobs.emplace_back([&pair, slow_ns](const FractionSink&) { return run_pair(pair, slow_ns); });
        }
        jobs.emplace_back([&pair](const FractionSink&) {
            return simulate({pair.network, pair.arch, pair.program, {}, {}, {}});
        });
    }
    const auto outcomes = run_in_workers(jobs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        INFO("seed " << pairs[i].seed);
        const RunResult fast = result_or_throw(outcomes[3 * i]);
        const RunResult slow = result_or_throw(outcomes[3 * i + 1]);
        const RunResult own = result_or_throw(outcomes[3 * i + 2]);
        CHECK(slow.total.total_cycles > fast.total.total_cycles);
        CHECK(slow.logits == fast.logits);
        DramCounters bytes = own.total.dram;
        bytes.row_hits = bytes.row_misses = bytes.turnarounds = bytes.refreshes = 0;
        CHECK(slow.total.dram == bytes);
        CHECK(fast.total.dram == bytes);
        check_balance(slow.total);
        CHECK(slow.total.array.busy_cycles == own.total.array.busy_cycles);
    }
}

TEST_CASE("An outside memory that refuses an access ends the run with an error") {
    HandProgram program(hand_arch());
    program.weights(80, {}, {});
    const auto outcomes = run_in_workers({[&](const FractionSink&) {
        std::unique_ptr<TwoLevelMemory> memory;
        return simulate_with_memory({program.network(), program.arch(), program.program(), {}, {}, {}},
                                    [&](const MemoryNeeds&) -> MemorySocket& {
                                        memory = std::make_unique<TwoLevelMemory>(
                                            "small", 8, 0, TwoLevelMemory::Level{}, TwoLevelMemory::Level{});
                                        return memory->socket;
                                    });
    }});
    CHECK_THROWS_WITH(result_or_throw(outcomes.front()), Catch::Contains("address 8192"));
}

TEST_CASE("An outside memory is refused at register level, where DRAM is the chip's own") {
    const HandProgram program(hand_arch());
    const auto outcomes = run_in_workers({[&](const FractionSink&) {
        SimulationInput input{program.network(), program.arch(), program.program(), {}, {}, {}};
        input.detail = Detail::register_level;
        return simulate_with_memory(
            input, [](const MemoryNeeds&) -> MemorySocket& { throw std::runtime_error("nobody asks for the memory"); });
    }});
    CHECK_THROWS_WITH(result_or_throw(outcomes.front()), Catch::Contains("at register level"));
}

TEST_CASE("A nanosecond of the real world is as many of the machine's as the clock has cycles in it") {
    CHECK(machine_time(100, 1000) == ns(100));
    CHECK(machine_time(100, 500) == ns(50));
    CHECK(machine_time(0.625, 1600) == ns(1));
}

TEST_CASE("The example runs ResNet-20 against a memory of its own, and more fast memory makes it faster") {
    const std::string example = (std::filesystem::path(NPUSIM_PROGRAM).parent_path() / "foreign_memory").string();
    const auto cycles_with = [&](const std::string& kib) {
        const test::TemporaryFolder folder;
        const std::string command =
            example + " " NPUSIM_SOURCE_DIR "/arch/int8_array.json " + kib + " >" + (folder / "out").string();
        REQUIRE(std::system(command.c_str()) == 0);
        const std::string text = read_text_file(folder / "out");
        INFO(text);
        const std::size_t place = text.find(": ");
        REQUIRE(place != std::string::npos);
        return std::stoull(text.substr(place + 2));
    };
    const auto none = cycles_with("0");
    const auto some = cycles_with("256");
    const auto all = cycles_with("4096");
    CHECK(none > some);
    CHECK(some > all);
}

}  // namespace npusim
