// The front that grows point by point against the front of a table.
#include "npusim/sweeps/running_front.h"

#include <catch2/catch.hpp>
#include <limits>
#include <random>

#include "npusim/sweeps/sweep_table.h"

using namespace npusim;

TEST_CASE("A running front has after each point as many points as the Pareto front of those that came") {
    const std::vector<Objective> objectives = {{"a", false}, {"b", true}, {"c", false}};
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        std::mt19937_64 generator(seed);
        const std::uint64_t values = 2 + generator() % 6;
        RunningFront front(objectives);
        SweepTable table;
        table.metrics = {"a", "b", "c"};
        for (int point = 0; point < 60; ++point) {
            std::vector<double> drawn;
            for (std::size_t i = 0; i < objectives.size(); ++i) {
                drawn.push_back(static_cast<double>(generator() % values));
                if (generator() % 30 == 0) drawn.back() = std::numeric_limits<double>::quiet_NaN();
            }
            SweepRow row;
            row.status = PointStatus::done;
            row.metrics.assign(drawn.begin(), drawn.end());
            table.rows.push_back(row);
            front.add(drawn);
            REQUIRE(front.size() == pareto_front(table, objectives).size());
        }
    }
}
