// The runner of design spaces: what it simulates, what it remembers, and what becomes of points that fail.
#include <catch2/catch.hpp>
#include <set>

#include "npusim/arch/arch_spec.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/quantizer.h"
#include "npusim/sweeps/precision_ladder.h"
#include "npusim/sweeps/result_json.h"
#include "npusim/sweeps/sweep_runner.h"
#include "npusim/sweeps/sweep_spec.h"
#include "npusim/workloads/lowering/layer_keys.h"
#include "support/test_data.h"

using namespace npusim;
using test::TemporaryFolder;

namespace {

struct Space {
    SweepSpec spec;
    std::vector<SweepPoint> points;
};

/// 12 chips; the type of DRAM is seen by no layer.
Space make_space() {
    const auto json = nlohmann::json::parse(R"({
        "name": "space", "arch": "int4_array.json", "networks": ["resnet20"],
        "axes": [{"field": "/array/rows", "values": [8, 16]},
                 {"field": "/clock_mhz", "values": [250, 400, 500]},
                 {"field": "/dram/type", "values": ["LPDDR4", "DDR4"]}]})");
    Space space;
    space.spec = parse_sweep(json, "space.json");
    const ArchSpec base = read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / "int4_array.json");
    space.points = points_of(
        space.spec, base, [](const ArchSpec&) { return 1.0; }, "space.json");
    return space;
}

std::set<std::string> distinct_layers(const Space& space) {
    std::set<std::string> keys;
    for (const SweepPoint& point : space.points) {
        const ArchSpec& arch = point.arch.value();
        const Network network = make_network(point.network);
        const auto own = layer_keys(quantize_structure(network, arch.precision, arch.array.accumulator_bits), arch);
        keys.insert(own.begin(), own.end());
    }
    return keys;
}

}  // namespace

TEST_CASE("Each distinct layer is simulated once, however many points and workers there are") {
    const Space space = make_space();
    for (const unsigned workers : {1U, 3U}) {
        const TemporaryFolder folder;
        SweepStore store(folder / "store", SweepStore::Mode::create_or_extend);
        SweepRunOptions options;
        options.workers = workers;
        const SweepProgress reached = run_sweep(space.spec, space.points, store, options);
        CHECK(reached.points_done == 12);
        CHECK(reached.points_failed == 0);
        const auto keys = distinct_layers(space);
        CHECK(reached.layers_simulated == static_cast<std::int64_t>(keys.size()));
        CHECK(store.layers().size() == keys.size());
        CHECK(store.points().size() == 12);
    }
}

TEST_CASE("A point's layers are those of a whole simulation") {
    const Space space = make_space();
    const TemporaryFolder folder;
    SweepStore store(folder / "store", SweepStore::Mode::create_or_extend);
    (void)run_sweep(space.spec, space.points, store, {});
    const auto layers = store.layers();
    const auto points = store.points();
    const Network network = make_network("resnet20");
    for (const SweepPoint& point : space.points) {
        const ArchSpec& arch = point.arch.value();
        const WorkerOutcome outcome =
            run_in_workers({[&](const FractionSink&) { return run_timing(network, arch, {}); }}).front();
        const RunResult& whole = result_or_throw(outcome);
        const StoredPoint& stored = points.at(point_key("resnet20", arch));
        REQUIRE(stored.layers.size() == whole.layers.size());
        for (std::size_t i = 0; i < whole.layers.size(); ++i) {
            CHECK(stored.layers[i].first == whole.layers[i].name);
            CHECK(to_json(layers.at(stored.layers[i].second).counters) == to_json(whole.layers[i].counters));
        }
    }
}

TEST_CASE("Points that take too long are rows that say so, and are tried again by the next run") {
    const Space space = make_space();
    const TemporaryFolder folder;
    SweepStore store(folder / "store", SweepStore::Mode::create_or_extend);
    SweepRunOptions hurried;
    hurried.workers = 2;
    hurried.time_limit = std::chrono::milliseconds(1);
    const SweepProgress late = run_sweep(space.spec, space.points, store, hurried);
    CHECK(late.points_done == 12);
    CHECK(late.points_failed > 0);
    for (const auto& [key, point] : store.points()) {
        if (point.status == PointStatus::done) continue;
        CHECK(point.status == PointStatus::timed_out);
        CHECK_THAT(point.reason, Catch::Contains("not done after 1 ms"));
    }
    const SweepProgress again = run_sweep(space.spec, space.points, store, {});
    CHECK(again.points_done == 12);
    CHECK(again.points_failed == 0);
    for (const auto& [key, point] : store.points()) CHECK(point.status == PointStatus::done);
}

TEST_CASE("A run that is stopped keeps what is done, and goes on from there") {
    const Space space = make_space();
    const TemporaryFolder folder;
    SweepStore store(folder / "store", SweepStore::Mode::create_or_extend);
    std::int64_t seen = 0;
    SweepRunOptions options;
    options.workers = 1;
    options.progress = [&](const SweepProgress& at, const StoredPoint&) { seen = at.points_done; };
    options.should_stop = [&] { return seen >= 5; };
    const SweepProgress stopped = run_sweep(space.spec, space.points, store, options);
    CHECK(stopped.points_done >= 5);
    CHECK(stopped.points_done < 12);
    const SweepProgress whole = run_sweep(space.spec, space.points, store, {});
    CHECK(whole.points_done == 12);
    CHECK(whole.points_found == stopped.points_done);
}

TEST_CASE("A chip that cannot be made has the reason of its own sweep, not that of an earlier one at its place") {
    Space space = make_space();
    space.points.resize(1);
    SweepPoint& point = space.points.front();
    point.arch.reset();
    const TemporaryFolder folder;
    SweepStore store(folder / "store", SweepStore::Mode::create_or_extend);
    for (const char* reason : {"the buffer is too small", "the clock is too fast", "the buffer is too small"}) {
        point.impossible = reason;
        const SweepProgress reached = run_sweep(space.spec, space.points, store, {});
        CHECK(reached.points_failed == 1);
        const std::string key = store.sweep_entries(space.spec.name).at(0).point_key;
        CHECK(store.points().at(key).reason == reason);
    }
    CHECK(store.points().size() == 2);
}
