// What a sweep says of itself before and while it runs.
#include "cli/sweep_progress.h"

#include <catch2/catch.hpp>

#include "cli/format.h"

using namespace npusim;
using namespace npusim::cli;
using Catch::Matchers::Contains;

namespace {

SweepForecast forecast_of(std::int64_t found, std::int64_t free, std::int64_t left, std::int64_t layers) {
    SweepForecast forecast;
    forecast.points = found + free + left;
    forecast.points_found = found;
    forecast.points_free = free;
    forecast.points_to_simulate = left;
    forecast.layers = layers;
    return forecast;
}

SweepProgress progress_of(std::int64_t points, std::int64_t done, std::int64_t found, std::int64_t layers) {
    SweepProgress at;
    at.points = points;
    at.points_done = done;
    at.points_found = found;
    at.layers_simulated = layers;
    return at;
}

}  // namespace

TEST_CASE("A forecast says what is found, what is free, what is left and about how long that takes") {
    SweepForecast forecast = forecast_of(12, 5, 1908, 34344);
    CHECK(forecast_text(forecast, false) ==
          "12 points found in the store, 5 points without simulation, 1,908 points to simulate: 34,344 distinct "
          "layers, for a time that is not known yet");
    forecast.seconds = 192;
    CHECK_THAT(forecast_text(forecast, false), Contains("34,344 distinct layers, about 3 min"));
    forecast.is_counted = false;
    CHECK_THAT(forecast_text(forecast, true),
               Contains("about 1,908 points to simulate: about 34,344 distinct layers") && Contains("then accuracies"));
    CHECK(forecast_text(forecast_of(1, 0, 0, 0), false) == "1 point found in the store, nothing to simulate");
}

TEST_CASE("An estimated time has no more digits than it can have") {
    const auto text = [](double seconds) {
        SweepForecast forecast = forecast_of(0, 0, 1, 1);
        forecast.seconds = seconds;
        const std::string all = forecast_text(forecast, false);
        return all.substr(all.find("about"));
    };
    CHECK(text(0.2) == "about a second");
    CHECK(text(12.4) == "about 12 s");
    CHECK(text(43.4) == "about 45 s");
    CHECK(text(58) == "about 1 min");
    CHECK(text(1000) == "about 17 min");
    CHECK(text(3 * 3600 + 100) == "about 3 h");
}

TEST_CASE("The time left follows the layers that are left and not the points, while there are layers left") {
    const SweepForecast forecast = forecast_of(20, 60, 20, 400);
    // 100 of 400 layers in 10 s, though half of the new points are done.
    const std::string line = sweep_line(progress_of(100, 60, 20, 100), &forecast, 10, {});
    CHECK(line == "60 of 100 points, 4.00/s, 30 s left");
    // All layers are done: 20 points at 4 points a second.
    CHECK_THAT(sweep_line(progress_of(100, 80, 20, 400), &forecast, 15, {}), Contains("4.00/s, 5 s left"));
    CHECK(sweep_line(progress_of(100, 100, 20, 400), &forecast, 20, {}) == "100 of 100 points");
    // Without a forecast by points.
    CHECK_THAT(sweep_line(progress_of(100, 60, 20, 100), nullptr, 10, {}), Contains("4.00/s, 10 s left"));
}

TEST_CASE("The line ends with the best point so far, and with the front where all objectives are known") {
    const SweepProgress at = progress_of(1920, 412, 0, 100);
    const BestPoint best{"energy_pj", 4.957e9, 37, 14};
    CHECK_THAT(sweep_line(at, nullptr, 10, best), Catch::EndsWith(", best energy 4.957 mJ at point 37, front of 14"));
    CHECK_THAT(sweep_line(at, nullptr, 10, BestPoint{"latency_ms", 1.5, 0, 0}),
               Catch::EndsWith(", best latency 1.500 ms at point 0"));
}
