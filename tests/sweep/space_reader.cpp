#include <catch2/catch.hpp>

#include "space_support.h"

using namespace npusim;
using namespace npusim::test;
using Catch::Contains;
using nlohmann::json;

namespace {

const json rows_axis = {{"field", "/array/rows"}, {"values", {8, 16}}};

json full_space() {
    return json::parse(R"({"name": "full", "description": "all there is", "arch": "int4_array.json",
        "axes": [{"field": "/clock_mhz", "values": [250, 500]},
                 {"field": "/array/rows", "range": {"from": 8, "to": 32, "step": 8}},
                 {"field": "/weight_buffer/kib", "geometric": {"from": 16, "to": 256, "factor": 2}},
                 {"fields": ["/array/columns", "/vector_unit/lanes"], "values": [[8, 8], [16, 16]]},
                 {"field": "bits", "values": [8, 4]}, {"field": "network", "values": ["resnet20", "vgg16_bn"]},
                 {"field": "/precision/layers",
                  "values": [{}, {"conv1": {"weight_bits": 8, "activation_bits": 8}}]}],
        "derived": [{"field": "/accumulator_buffer/width_bits",
                     "expression": "array.columns * array.accumulator_bits"}],
        "constraints": ["array.rows * array.columns <= 256", "area_mm2 <= 4"],
        "objectives": [{"metric": "energy_pj"}, {"metric": "top1", "maximize": true}],
        "sample": {"kind": "low_discrepancy", "points": 500, "seed": 1},
        "accuracy": {"kind": "calibrate", "weights": "w.safetensors", "dataset": "cifar10", "recipe": "r.json", "inputs": "0f"},
        "time_limit_s": 60})");
}

std::vector<json> values_of(const json& axis) {
    const SweepSpec spec = parse_sweep(space_json({axis}), "s.json");
    std::vector<json> values;
    for (const auto& setting : spec.axes.front().settings) values.push_back(setting.front());
    return values;
}

json ruled(const std::string& rule, const json& numbers) {
    return {{"field", "/array/rows"}, {rule, numbers}};
}

}  // namespace

TEST_CASE("A design space written as JSON is read back as the same space") {
    for (const json& space : {full_space(), space_json({rows_axis})}) {
        const json resolved = to_json(parse_sweep(space, "s.json"));
        CHECK(to_json(parse_sweep(resolved, "s.json")) == resolved);
        CHECK(to_json(parse_sweep(json::parse(resolved.dump()), "s.json")) == resolved);
        for (const auto& item : space.items()) {
            if (item.key() != "axes" && item.key() != "objectives") CHECK(resolved.at(item.key()) == item.value());
        }
    }
}

TEST_CASE("Every field of a design space reaches its place") {
    const SweepSpec spec = parse_sweep(full_space(), "s.json");
    CHECK(spec.name == "full");
    CHECK(spec.arch == "int4_array.json");
    CHECK(spec.networks.empty());
    REQUIRE(spec.axes.size() == 7);
    CHECK(spec.axes[1].settings == std::vector<std::vector<json>>{{8}, {16}, {24}, {32}});
    CHECK(spec.axes[2].settings == std::vector<std::vector<json>>{{16}, {32}, {64}, {128}, {256}});
    CHECK(spec.axes[3].fields == std::vector<std::string>{"/array/columns", "/vector_unit/lanes"});
    CHECK(spec.axes[3].settings[1] == std::vector<json>{16, 16});
    CHECK(spec.derived.front().field == "/accumulator_buffer/width_bits");
    CHECK(spec.objectives[1].metric == "top1");
    CHECK(spec.objectives[1].maximize);
    CHECK_FALSE(spec.objectives[0].maximize);
    CHECK(spec.sample.kind == SampleKind::low_discrepancy);
    CHECK(spec.sample.points == 500);
    CHECK(spec.accuracy.kind == AccuracyKind::calibrate);
    CHECK(spec.accuracy.dataset == "cifar10");
    CHECK(spec.time_limit_s == 60);
    CHECK(parse_sweep(space_json({rows_axis}), "s.json").time_limit_s == 600);
}

TEST_CASE("Ranges give the numbers that a person would write") {
    CHECK(values_of(ruled("range", {{"from", 0.1}, {"to", 0.5}, {"step", 0.1}})) ==
          std::vector<json>{0.1, 0.2, 0.3, 0.4, 0.5});
    CHECK(values_of(ruled("range", {{"from", 1}, {"to", 2}, {"step", 0.25}})).back().is_number_integer());
    CHECK(values_of(ruled("range", {{"from", 5}, {"to", 5}, {"step", 3}})) == std::vector<json>{5});
    CHECK(values_of(ruled("range", {{"from", 1}, {"to", 9}, {"step", 3}})) == std::vector<json>{1, 4, 7});
    CHECK(values_of(ruled("geometric", {{"from", 0.5}, {"to", 8}, {"factor", 2}})) ==
          std::vector<json>{0.5, 1, 2, 4, 8});
    CHECK(values_of(ruled("geometric", {{"from", 1}, {"to", 1.331}, {"factor", 1.1}})) ==
          std::vector<json>{1, 1.1, 1.21, 1.331});
}

TEST_CASE("Every mistake in an axis is refused with its place") {
    const auto refused = [](const json& axis) { return refusal(space_json({axis})); };
    CHECK_THAT(refused({{"field", "/array/rows"}, {"values", json::array()}}),
               Contains("/axes/0/values: a list of at"));
    CHECK_THAT(refused({{"field", "/array/rows"}, {"values", 8}}), Contains("/axes/0/values: a list of at least one"));
    CHECK_THAT(refused({{"field", "/array/rows"}}), Contains("/axes/0: none given, exactly one of values, range"));
    CHECK_THAT(refused({{"field", "/array/rows"}, {"values", {1}}, {"range", json::object()}}),
               Contains("/axes/0: values and range given, exactly one"));
    CHECK_THAT(refused({{"field", "/array/rows"}, {"value", {1}}}),
               Contains("/axes/0/value: unknown key, did you mean \"values\""));
    CHECK_THAT(refused({{"values", {1}}}), Contains("/axes/0/field: is missing"));
    CHECK_THAT(refused({{"field", "array/rows"}, {"values", {1}}}),
               Contains("/axes/0/field: \"array/rows\" is no field"));
    CHECK_THAT(refused({{"field", ""}, {"values", {1}}}), Contains("/axes/0/field: \"\" is no field"));
    CHECK_THAT(refused({{"field", "/a~2"}, {"values", {1}}}), Contains("/axes/0/field: \"/a~2\" is no JSON pointer"));
    CHECK_THAT(refused({{"field", "/clock_mhz"}, {"values", {250, 500, 250}}}),
               Contains("/axes/0/values: 250 is given twice"));
    CHECK_THAT(refused({{"field", "bits"}, {"values", {8, 9}}}), Contains("/axes/0/values/1: 9 bits are not allowed"));
    CHECK_THAT(refused({{"field", "bits"}, {"range", {{"from", 2}, {"to", 8}, {"step", 1}}}}),
               Contains("/axes/0/range: \"bits\" needs \"values\""));
    CHECK_THAT(refused({{"fields", {"/array/rows", "/array/columns"}}, {"values", {{8, 8}, {8}}}}),
               Contains("/axes/0/values/1: a list of 2 values"));
    CHECK_THAT(refused({{"fields", {"/array/rows", "/array/rows"}}, {"values", {{8, 8}}}}),
               Contains("/axes/0/fields/1: \"/array/rows\" is given twice"));
    CHECK_THAT(refused({{"fields", {"/array", "/array/rows"}}, {"values", {{8, 8}}}}),
               Contains("/axes/0/fields/1: /array/rows overlaps /array"));
    CHECK_THAT(refused({{"fields", {"/array/rows"}}, {"range", {{"from", 1}, {"to", 2}, {"step", 1}}}}),
               Contains("/axes/0/range: sets one \"field\""));
    CHECK_THAT(refused({{"field", "/array/rows"}, {"fields", {"/clock_mhz"}}, {"values", {{1}}}}),
               Contains("/axes/0/fields: \"field\" is given too"));
}

TEST_CASE("Rules that would not end or not begin are refused") {
    const auto refused = [](const std::string& rule, const json& numbers) {
        return refusal(space_json({ruled(rule, numbers)}));
    };
    CHECK_THAT(refused("range", {{"from", 1}, {"to", 2}, {"step", 0}}), Contains("/axes/0/range/step: 0 is too small"));
    CHECK_THAT(refused("range", {{"from", 1}, {"to", 2}, {"step", -1}}), Contains("/axes/0/range/step: -1 is too"));
    CHECK_THAT(refused("range", {{"from", 3}, {"to", 2}, {"step", 1}}), Contains("/axes/0/range/to: 2 is below"));
    CHECK_THAT(refused("range", {{"from", 1}, {"to", 2}}), Contains("/axes/0/range/step: is missing"));
    CHECK_THAT(refused("range", {{"from", 0}, {"to", 1000}, {"step", 1e-6}}),
               Contains("/axes/0/range/step: gives more than 10000000 values"));
    CHECK_THAT(refused("geometric", {{"from", 1}, {"to", 2}, {"factor", 1}}),
               Contains("/axes/0/geometric/factor: 1 is too small, it must be above 1"));
    CHECK_THAT(refused("geometric", {{"from", 0}, {"to", 2}, {"factor", 2}}), Contains("/axes/0/geometric/from: 0"));
}

TEST_CASE("A field that is set twice is refused, by axes and by derived fields alike") {
    json space = space_json({rows_axis, {{"field", "/clock_mhz"}, {"values", {100}}}, rows_axis});
    CHECK_THAT(refusal(space), Contains("/axes/2/field: /array/rows is set by /axes/0 already"));
    space = space_json({rows_axis, {{"field", "/array"}, {"values", {1}}}});
    CHECK_THAT(refusal(space), Contains("/axes/1/field: /array is set by /axes/0 already (/array/rows)"));
    space = space_json({rows_axis});
    space["derived"] = {{{"field", "/array/rows"}, {"expression", "8"}},
                        {{"field", "/clock_mhz"}, {"expression", "100"}},
                        {{"field", "/clock_mhz"}, {"expression", "200"}}};
    CHECK_THAT(refusal(space), Contains("/derived/0/field: /array/rows is set by /axes/0 already") &&
                                   Contains("/derived/2/field: /clock_mhz is set by /derived/1 already"));
}

TEST_CASE("Networks come from the zoo, once, from the list or from an axis") {
    json space = space_json({rows_axis});
    space["networks"] = {"resnet20", "resnet43"};
    CHECK_THAT(refusal(space), Contains("/networks/1: ") && Contains("resnet44"));
    space["networks"] = {"resnet20", "resnet20"};
    CHECK_THAT(refusal(space), Contains("/networks/1: \"resnet20\" is given twice"));
    space.erase("networks");
    CHECK_THAT(refusal(space), Contains("/networks: at least one network is needed"));
    space["axes"].push_back({{"field", "network"}, {"values", {"resnet20", "resnet43", 3}}});
    CHECK_THAT(refusal(space), Contains("/axes/1/values/1: ") && Contains("/axes/1/values/2: 3 is no network's name"));
    space["axes"][1]["values"] = {"resnet20", "resnet44"};
    CHECK(refusal(space).empty());
    space["networks"] = {"resnet20"};
    CHECK_THAT(refusal(space), Contains("/networks: an axis sets \"network\" already"));
}

TEST_CASE("The size of a space is limited unless it is sampled") {
    const json many = {{"from", 1}, {"to", 1000}, {"step", 1}};
    json space = space_json({{{"field", "/array/rows"}, {"range", many}},
                             {{"field", "/array/columns"}, {"range", many}},
                             {{"field", "/clock_mhz"}, {"range", many}}});
    CHECK_THAT(refusal(space), Contains("/axes: hold 1000000000 points, more than the 10000000 allowed"));
    space["sample"] = {{"kind", "random"}, {"points", 3}};
    CHECK(refusal(space).empty());
    for (const char* field : {"/vector_unit/lanes", "/dram/latency_ns", "/weight_buffer/kib", "/dram/bandwidth_gb_s"}) {
        space["axes"].push_back({{"field", field}, {"range", many}});
    }
    CHECK_THAT(refusal(space), Contains("/axes: hold more than 2^63 combinations"));
    space = space_json({rows_axis});
    space["sample"] = {{"kind", "random"}};
    CHECK_THAT(refusal(space), Contains("/sample/points: is missing"));
    space["sample"] = {{"kind", "all"}, {"points", 3}};
    CHECK_THAT(refusal(space), Contains("/sample/points: 3 is outside 0..0"));
}

TEST_CASE("All problems of a design space are reported at once") {
    const std::string message = refusal(json::parse(R"({"name": "", "axis": [],
        "axes": [{"field": "/array/rows", "values": []}, {"field": "rows", "values": [1]}],
        "networks": ["resnet43"], "constraints": ["array.rows +", 3], "derived": [{"field": "x"}],
        "objectives": [{"metric": "a"}, {"metric": "a"}, {"maximize": 1}],
        "sample": {"kind": "sobol"}, "accuracy": {"kind": "none", "dataset": "cifar10"}, "time_limit_s": 0})"));
    for (const char* place :
         {"/name: must not be empty", "/arch: is missing", "/axis: unknown key", "/axes/0/values: ", "/axes/1/field: ",
          "/networks/0: ", "/constraints/0: \"array.rows +\" is no expression", "/constraints/1: 3 is given",
          "/derived/0/field: ", "/derived/0/expression: is missing", "/objectives/1/metric: ", "/objectives/2/metric: ",
          "/objectives/2/maximize: ", "/sample/kind: ", "/accuracy/dataset: ", "/time_limit_s: "}) {
        INFO(message);
        CHECK_THAT(message, Contains(std::string("s.json: ") + place));
    }
}
