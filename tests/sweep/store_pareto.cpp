// The Pareto front against its definition.
#include <catch2/catch.hpp>
#include <limits>
#include <random>

#include "npusim/base/error.h"
#include "npusim/sweeps/sweep_table.h"

using namespace npusim;

namespace {

const std::vector<Objective> all_objectives = {{"a", false}, {"b", true}, {"c", false}, {"d", true}};

/// Few different values, so that ties and equal rows are many; some rows are not done, some values missing or NaN.
SweepTable random_table(std::mt19937_64& generator, std::size_t rows, std::uint64_t values) {
    SweepTable table;
    table.metrics = {"d", "unused", "a", "b", "c"};
    for (std::size_t r = 0; r < rows; ++r) {
        SweepRow row;
        row.index = static_cast<std::int64_t>(r);
        if (generator() % 10 != 0) row.status = generator() % 10 == 0 ? PointStatus::crashed : PointStatus::done;
        for (std::size_t i = 0; i < table.metrics.size(); ++i) {
            row.metrics.emplace_back(static_cast<double>(generator() % values) - 3);
            if (generator() % 40 == 0) row.metrics.back().reset();
            if (generator() % 40 == 0) row.metrics.back() = std::numeric_limits<double>::quiet_NaN();
            if (generator() % 40 == 0) row.metrics.back() = std::numeric_limits<double>::infinity();
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

/// Empty where the row takes no part.
std::vector<double> values_of(const SweepTable& table, std::size_t r, const std::vector<Objective>& objectives) {
    std::vector<double> values;
    if (table.rows[r].status != PointStatus::done) return {};
    for (const Objective& objective : objectives) {
        for (std::size_t i = 0; i < table.metrics.size(); ++i) {
            if (table.metrics[i] != objective.metric) continue;
            const std::optional<double> value = table.rows[r].metrics[i];
            if (!value || *value != *value) return {};
            values.push_back(*value);
        }
    }
    return values;
}

std::vector<std::size_t> front_by_definition(const SweepTable& table, const std::vector<Objective>& objectives) {
    std::vector<std::size_t> front;
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        const auto mine = values_of(table, r, objectives);
        bool dominated = mine.empty();
        for (std::size_t other = 0; other < table.rows.size() && !dominated; ++other) {
            const auto theirs = values_of(table, other, objectives);
            if (theirs.empty()) continue;
            bool never_worse = true;
            bool once_better = false;
            for (std::size_t i = 0; i < objectives.size(); ++i) {
                const bool better = objectives[i].maximize ? theirs[i] > mine[i] : theirs[i] < mine[i];
                if (better) once_better = true;
                if (!better && theirs[i] != mine[i]) never_worse = false;
            }
            dominated = never_worse && once_better;
        }
        if (!dominated) front.push_back(r);
    }
    return front;
}

}  // namespace

TEST_CASE("The Pareto front of random tables is that of the definition") {
    std::mt19937_64 generator(11);
    for (int round = 0; round < 200; ++round) {
        const SweepTable table = random_table(generator, generator() % 60, 2 + generator() % 20);
        for (std::size_t count = 1; count <= all_objectives.size(); ++count) {
            const std::vector<Objective> objectives(all_objectives.begin(),
                                                    all_objectives.begin() + static_cast<std::ptrdiff_t>(count));
            REQUIRE(pareto_front(table, objectives) == front_by_definition(table, objectives));
        }
    }
}

TEST_CASE("An objective that is no metric is refused, and names like it are offered") {
    std::mt19937_64 generator(1);
    SweepTable table = random_table(generator, 3, 3);
    table.metrics[1] = "latency_ms";
    CHECK_THROWS_WITH(pareto_front(table, {{"latency_s", false}}), Catch::Contains("latency_ms"));
    CHECK_THROWS_AS(pareto_front(table, {{"latency_s", false}}), InputError);
    CHECK_THROWS_WITH(pareto_front(table, {{"top1", true}}),
                      Catch::Contains("accuracy was not measured in this sweep"));
    CHECK_THROWS_WITH(pareto_front(table, {{"nothing of the kind", false}}), Catch::Contains("known are ") &&
                                                                                 Catch::Contains("latency_ms") &&
                                                                                 !Catch::Contains("did you mean"));
}
