// What is said of a sweep before it begins against what it then does.
#include <catch2/catch.hpp>
#include <optional>

#include "npusim/sweeps/sweep_forecast.h"
#include "space_support.h"
#include "support/store_content.h"
#include "support/test_data.h"

using namespace npusim;
using namespace npusim::test;

namespace {

struct Space {
    SweepSpec spec;
    std::vector<SweepPoint> points;
};

/// 24 points: half of the chips cannot be built, and the type of DRAM is seen by no layer.
Space make_space() {
    Space space;
    const nlohmann::json json = space_json({{{"field", "/array/rows"}, {"values", {8, 16, 24}}},
                                            {{"field", "/clock_mhz"}, {"values", {250, 500}}},
                                            {{"field", "/dram/type"}, {"values", {"LPDDR4", "HBM2"}}},
                                            {{"field", "/weight_buffer/banks"}, {"values", {2, 3}}}});
    space.spec = parse_sweep(json, "s.json");
    space.points = points_in(json);
    return space;
}

struct Run {
    std::optional<SweepForecast> forecast;
    SweepProgress reached;
    std::map<std::int64_t, Counters> results;  ///< by the point's index
};

Run run(const Space& space, SweepStore& store, bool with_forecast, std::size_t most_points = 1000) {
    Run ran;
    SweepRunOptions options;
    options.workers = 2;
    std::size_t seen = 0;
    if (with_forecast) options.forecast = [&](const SweepForecast& forecast) { ran.forecast = forecast; };
    options.result = [&](const SweepPoint& point, const Counters& total) { ran.results[point.index] = total; };
    options.progress = [&](const SweepProgress&, const StoredPoint&) { ++seen; };
    options.should_stop = [&] { return seen >= most_points; };
    ran.reached = run_sweep(space.spec, space.points, store, options);
    return ran;
}

}  // namespace

TEST_CASE("A forecast counts the points and layers that the run then simulates, and disturbs no byte of the store") {
    const TemporaryFolder folder;
    const Space space = make_space();
    SweepStore plain = open_to_write(folder / "plain");
    SweepStore watched = open_to_write(folder / "watched");
    const Run without = run(space, plain, false);
    const Run with = run(space, watched, true);
    REQUIRE(with.forecast);
    CHECK(with.forecast->points == 24);
    CHECK(with.forecast->points_found == 0);
    CHECK(with.forecast->points_to_simulate == 6);
    CHECK(with.forecast->points_free == 18);
    CHECK(with.forecast->is_counted);
    CHECK(with.forecast->layers == without.reached.layers_simulated);
    CHECK(with.reached.layers_simulated == without.reached.layers_simulated);
    CHECK(with.reached.layers_remembered == without.reached.layers_remembered);
    REQUIRE(with.forecast->seconds);
    CHECK(*with.forecast->seconds > 0);
    CHECK(export_of(watched) == export_of(plain));
}

TEST_CASE("The forecast alone says the same, with a store that has some of the points and without one") {
    const TemporaryFolder folder;
    const Space space = make_space();
    SweepRunOptions options;
    options.workers = 2;
    const SweepForecast fresh = forecast_sweep(space.points, nullptr, options);
    CHECK(fresh.points_to_simulate == 6);
    SweepStore store = open_to_write(folder / "store");
    const Run part = run(space, store, false, 9);
    const std::string before = export_of(store);
    const SweepForecast rest = forecast_sweep(space.points, &store, options);
    CHECK(export_of(store) == before);
    CHECK(rest.points_found == part.reached.points_done);
    CHECK(rest.points_found + rest.points_free + rest.points_to_simulate == 24);
    CHECK(rest.layers == fresh.layers - static_cast<std::int64_t>(store.layers().size()));
    const Run other = run(space, store, true);
    CHECK(other.forecast->layers == rest.layers);
    CHECK(other.reached.layers_simulated == rest.layers);
    const SweepForecast nothing = forecast_sweep(space.points, &store, options);
    CHECK(nothing.points_found == 24);
    CHECK(nothing.layers == 0);
    CHECK_FALSE(nothing.seconds);
}

TEST_CASE("A run tells the counters of every point that has a result, new or found") {
    const TemporaryFolder folder;
    const Space space = make_space();
    SweepStore store = open_to_write(folder / "store");
    const Run fresh = run(space, store, true);
    const Run again = run(space, store, true);
    CHECK(fresh.results.size() == 12);
    CHECK(again.results == fresh.results);
    const auto layers = store.layers();
    const auto points = store.points();
    for (const SweepPoint& point : space.points) {
        if (!point.arch) continue;
        Counters total;
        for (const auto& [name, key] : points.at(point_key(point.network, *point.arch)).layers) {
            total += layers.at(key).counters;
        }
        CHECK(fresh.results.at(point.index) == total);
    }
}
