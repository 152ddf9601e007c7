// What a watched run shows is what the counters counted, cycle by cycle.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "support/hand_program.h"
#include "support/random_pair.h"
#include "support/watched_run.h"

namespace npusim {

using test::TraceEvent;

namespace {

/// The sums of the events that lie in the layer's time, as the counters have them.
UnitCycles sums_in(const std::vector<TraceEvent>& events, const TraceEvent& layer) {
    std::map<std::string, std::size_t> causes;
    for (std::size_t i = 0; i < kIdleCauses; ++i) causes[std::string(name_of(static_cast<IdleCause>(i)))] = i;
    UnitCycles sums;
    for (const TraceEvent& event : events) {
        if (event.begin_cycles < layer.begin_cycles || event.begin_cycles >= layer.end_cycles()) continue;
        CHECK(event.end_cycles() <= layer.end_cycles());
        CHECK(event.json.at("args").at("layer") == layer.name);
        (event.cause.empty() ? sums.busy_cycles : sums.idle_cycles[causes.at(event.cause)]) += event.cycles;
    }
    return sums;
}

void check_tiling(const std::vector<TraceEvent>& events, std::uint64_t total_cycles, int clock_mhz) {
    std::uint64_t reached = 0;
    for (const TraceEvent& event : events) {
        CHECK(event.begin_cycles == reached);
        CHECK(event.cycles > 0);
        CHECK(event.json.at("ts").get<double>() * clock_mhz == Approx(static_cast<double>(event.begin_cycles)));
        CHECK(event.json.at("dur").get<double>() * clock_mhz == Approx(static_cast<double>(event.cycles)));
        reached = event.end_cycles();
    }
    CHECK(reached == total_cycles);
}

/// Commands of a unit are worked at in program order, each once.
void check_commands(const std::vector<TraceEvent>& events, const LayerProgram& layer, std::size_t kind,
                    const TraceEvent& time) {
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < layer.commands.size(); ++i) {
        if (layer.commands[i].work.index() == kind) wanted.push_back(i);
    }
    std::vector<std::size_t> seen;
    for (const TraceEvent& event : events) {
        if (event.begin_cycles < time.begin_cycles || event.begin_cycles >= time.end_cycles()) continue;
        if (!event.json.at("args").contains("command")) continue;
        const std::size_t command = event.json.at("args").at("command");
        if (seen.empty() || seen.back() != command) seen.push_back(command);
    }
    // Those that took and waited for nothing leave no event.
    CHECK(std::includes(wanted.begin(), wanted.end(), seen.begin(), seen.end()));
}

void check_run(const test::RandomPair& pair, const test::WatchedRun& run) {
    const auto trace = nlohmann::json::parse(run.text);
    const auto layers = test::track(trace, "layers");
    REQUIRE(layers.size() == run.result.layers.size());
    check_tiling(layers, run.result.total.total_cycles, pair.arch.clock_mhz);
    for (const auto& [name, unit] : test::unit_tracks()) {
        INFO(name);
        const auto events = test::track(trace, name);
        check_tiling(events, run.result.total.total_cycles, pair.arch.clock_mhz);
        for (std::size_t i = 0; i < layers.size(); ++i) {
            INFO("layer " << layers[i].name);
            CHECK(layers[i].name == run.result.layers[i].name);
            CHECK(sums_in(events, layers[i]) == cycles_of(run.result.layers[i].counters, unit));
            check_commands(events, pair.program.layers[i], static_cast<std::size_t>(unit), layers[i]);
        }
    }
}

}  // namespace

TEST_CASE("The events of each unit follow without gap or overlap, and their sums by cause are the layers' counters") {
    for (const auto& pair : test::random_pairs(500'000, 60)) {
        INFO("seed " << pair.seed);
        check_run(pair, test::watch(pair.network, pair.arch, pair.program));
    }
}

TEST_CASE("With ideal DRAM transfers take no time, and the events still cover every cycle") {
    for (auto pair : test::random_pairs(510'000, 15)) {
        pair.arch.dram.ideal = true;
        INFO("seed " << pair.seed);
        check_run(pair, test::watch(pair.network, pair.arch, pair.program));
    }
}

TEST_CASE("A watched run has the counters of one that nobody watches, and leaves the same bytes twice") {
    for (const auto& pair : test::random_pairs(520'000, 40)) {
        INFO("seed " << pair.seed);
        const auto watched = test::watch(pair.network, pair.arch, pair.program);
        const RunResult alone = test::simulate_in_child(pair.network, pair.arch, pair.program);
        REQUIRE(watched.result.layers.size() == alone.layers.size());
        for (std::size_t i = 0; i < alone.layers.size(); ++i) {
            CHECK(watched.result.layers[i].counters == alone.layers[i].counters);
        }
        CHECK(watched.result.total == alone.total);
        CHECK(test::watch(pair.network, pair.arch, pair.program).text == watched.text);
    }
}

TEST_CASE("The bytes of the events are the bytes that DRAM counted, and none is on its way at the end") {
    for (auto pair : test::random_pairs(530'000, 40)) {
        // Two cycles a byte: no transfer is too short for an event of its own.
        pair.arch.clock_mhz = 500;
        pair.arch.dram.bandwidth_mb_s = 250;
        pair.arch.dram.ideal = false;
        INFO("seed " << pair.seed);
        const auto run = test::watch(pair.network, pair.arch, pair.program);
        const auto trace = nlohmann::json::parse(run.text);
        std::map<std::string, std::uint64_t> moved;
        for (const char* name : {"load DMA", "store DMA"}) {
            for (const TraceEvent& event : test::track(trace, name)) {
                if (!event.cause.empty()) continue;
                const auto bytes = event.json.at("args").at("bytes").get<std::uint64_t>();
                CHECK(event.cycles == 2 * bytes);
                moved[name] += bytes;
            }
        }
        CHECK(moved["load DMA"] == run.result.total.dram.read_bytes());
        CHECK(moved["store DMA"] == run.result.total.dram.output_write_bytes);
        nlohmann::json last;
        for (const auto& event : trace.at("traceEvents")) {
            if (event.at("ph") != "C") continue;
            last = event.at("args");
            CHECK(last.at("load").get<std::int64_t>() >= 0);
            CHECK(last.at("store").get<std::int64_t>() >= 0);
        }
        CHECK(last == nlohmann::json{{"load", 0}, {"store", 0}});
    }
}

namespace {

using Rows = std::vector<std::tuple<std::string, std::uint64_t, std::uint64_t>>;

Rows rows_of(const nlohmann::json& trace, const std::string& name) {
    Rows rows;
    for (const TraceEvent& event : test::track(trace, name)) {
        rows.emplace_back(event.name, event.begin_cycles, event.end_cycles());
    }
    return rows;
}

}  // namespace

// 80 bytes of weights arrive in cycles 100–110 and 160 of inputs in 110–130; the array fills for 10 cycles and takes 20
// pixels until 160; the vector unit drains 3 and works 20 until 183; 80 bytes are stored in 283–293.
TEST_CASE("The events of one tile are those of the schedule by hand") {
    test::HandProgram hand(test::hand_arch());
    hand.weights(80, {Token::weights_free}, {Token::weights_ready});
    hand.inputs(4, {Token::inputs_free}, {Token::inputs_ready});
    hand.array(test::one_fold(20), {Token::weights_ready, Token::inputs_ready, Token::accumulator_free},
               {Token::accumulator_ready});
    hand.vector(test::requantization(20), {Token::accumulator_ready, Token::output_free},
                {Token::accumulator_free, Token::output_ready});
    hand.store(4, {Token::output_ready}, {Token::output_free});
    const auto run = test::watch(hand.network(), hand.arch(), hand.program());
    const auto trace = nlohmann::json::parse(run.text);
    CHECK(rows_of(trace, "load DMA") == Rows{{"idle: dram", 0, 100},
                                             {"load weights", 100, 110},
                                             {"load inputs", 110, 130},
                                             {"idle: nothing", 130, 293}});
    CHECK(rows_of(trace, "array") == Rows{{"idle: weights", 0, 110},
                                          {"idle: activations", 110, 130},
                                          {"idle: fill_drain", 130, 140},
                                          {"array tile", 140, 160},
                                          {"idle: nothing", 160, 293}});
    CHECK(rows_of(trace, "vector unit") == Rows{{"idle: array", 0, 160},
                                                {"idle: fill_drain", 160, 163},
                                                {"vector tile", 163, 183},
                                                {"idle: nothing", 183, 293}});
    CHECK(rows_of(trace, "store DMA") ==
          Rows{{"idle: vector_unit", 0, 183}, {"idle: dram", 183, 283}, {"store outputs", 283, 293}});
}

}  // namespace npusim
