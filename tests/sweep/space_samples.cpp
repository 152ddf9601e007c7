#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "space_support.h"

using namespace npusim;
using namespace npusim::test;
using nlohmann::json;

namespace {

/// 4,096 combinations of four axes of eight.
json eight_by_four() {
    std::vector<json> axes;
    for (const char* field : {"/array/rows", "/array/columns", "/clock_mhz", "/vector_unit/lanes"}) {
        axes.push_back({{"field", field}, {"range", {{"from", 8}, {"to", 64}, {"step", 8}}}});
    }
    return space_json(axes);
}

std::vector<SweepPoint> sampled(json space, const std::string& kind, int points, int seed) {
    space["sample"] = {{"kind", kind}, {"points", points}, {"seed", seed}};
    return points_in(space);
}

}  // namespace

TEST_CASE("Samples are parts of the constrained space without repetitions, in its order, the same every time") {
    json space = eight_by_four();
    space["constraints"] = {"array.rows * array.columns <= 1024"};
    std::map<std::int64_t, SweepPoint> all;
    for (const SweepPoint& point : points_in(space)) all[point.index] = point;
    for (const char* kind : {"random", "low_discrepancy"}) {
        for (const int seed : {0, 1, 12345}) {
            INFO(kind << " " << seed);
            const auto points = sampled(space, kind, 200, seed);
            REQUIRE(points.size() == 200);
            for (std::size_t i = 0; i < points.size(); ++i) {
                if (i > 0) CHECK(points[i - 1].index < points[i].index);
                REQUIRE(all.contains(points[i].index));
                CHECK(all[points[i].index].settings == points[i].settings);
                CHECK(all[points[i].index].arch == points[i].arch);
            }
            CHECK(indices_of(points) == indices_of(sampled(space, kind, 200, seed)));
            CHECK(indices_of(points) != indices_of(sampled(space, kind, 200, seed + 1)));
        }
    }
}

TEST_CASE("A sample as large as the space or larger is the whole constrained space") {
    json space = space_json({{{"field", "/array/rows"}, {"values", {4, 8, 12, 16, 20}}},
                             {{"field", "/clock_mhz"}, {"values", {100}}},
                             {{"field", "/array/columns"}, {"values", {4, 8, 12}}}},
                            {"array.rows != array.columns"});
    space["networks"] = {"resnet20", "resnet32"};
    const auto all = indices_of(points_in(space));
    REQUIRE(all.size() == 24);
    for (const char* kind : {"random", "low_discrepancy"}) {
        for (const int points : {24, 30, 1000}) CHECK(indices_of(sampled(space, kind, points, 7)) == all);
        CHECK(sampled(space, kind, 23, 7).size() == 23);
    }
}

TEST_CASE("Low-discrepancy points spread evenly over every axis") {
    const json space = eight_by_four();
    for (const int seed : {0, 1, 2}) {
        for (const int points : {8, 16, 64, 128}) {
            INFO(seed << " " << points);
            std::map<std::string, std::map<json, int>> counts;
            const auto sample = sampled(space, "low_discrepancy", points, seed);
            for (const SweepPoint& point : sample) {
                for (const auto& [field, value] : point.settings) ++counts[field][value];
            }
            REQUIRE(counts.size() == 4);
            for (const auto& [field, of_values] : counts) {
                CHECK(of_values.size() == 8);
                for (const auto& [value, count] : of_values) CHECK(std::abs(count - points / 8) <= 1 + points / 64);
            }
        }
    }
}

TEST_CASE("Low-discrepancy points leave smaller holes than random points") {
    // Quarters of two axes each, sixteen cells: 64 points should put four into each.
    const auto worst_cell = [](const std::vector<SweepPoint>& points) {
        std::map<std::pair<int, int>, int> cells;
        for (const SweepPoint& point : points) {
            ++cells[{(point.settings[0].second.get<int>() - 1) / 16, (point.settings[1].second.get<int>() - 1) / 16}];
        }
        int worst = 0;
        for (int a = 0; a < 4; ++a) {
            for (int b = 0; b < 4; ++b) worst = std::max(worst, std::abs(cells[{a, b}] - 4));
        }
        return worst;
    };
    int random_worst = 0;
    for (const int seed : {0, 1, 2}) {
        CHECK(worst_cell(sampled(eight_by_four(), "low_discrepancy", 64, seed)) <= 1);
        random_worst = std::max(random_worst, worst_cell(sampled(eight_by_four(), "random", 64, seed)));
    }
    CHECK(random_worst > 1);
}

TEST_CASE("Random samples favour no point") {
    const json space = space_json({{{"field", "/array/rows"}, {"range", {{"from", 1}, {"to", 10}, {"step", 1}}}}});
    std::map<std::int64_t, int> counts;
    constexpr int seeds = 400;
    for (int seed = 0; seed < seeds; ++seed) {
        for (const SweepPoint& point : sampled(space, "random", 3, seed)) ++counts[point.index];
    }
    // 120 expected of each, with a standard deviation of 9.
    for (std::int64_t index = 0; index < 10; ++index) CHECK(std::abs(counts[index] - seeds * 3 / 10) < 46);
}

TEST_CASE("A sample of a space too large to enumerate comes at once, with the index of each combination") {
    const json thousand = {{"from", 1}, {"to", 1000}, {"step", 1}};
    const std::vector<std::string> fields{"/array/rows", "/array/columns", "/clock_mhz", "/vector_unit/lanes",
                                          "/dram/latency_ns"};
    std::vector<json> axes;
    axes.reserve(fields.size());
    for (const std::string& field : fields) axes.push_back({{"field", field}, {"range", thousand}});
    const json space = space_json(axes, {"array.rows > 500"});
    for (const char* kind : {"random", "low_discrepancy"}) {
        const auto points = sampled(space, kind, 50, 3);
        REQUIRE(points.size() == 50);
        for (const SweepPoint& point : points) {
            std::int64_t index = 0;
            for (const auto& [field, value] : point.settings) index = index * 1000 + value.get<std::int64_t>() - 1;
            CHECK(point.index == index);
            CHECK(point.settings[0].second > 500);
        }
    }
}
