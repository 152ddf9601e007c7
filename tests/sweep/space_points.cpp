#include <catch2/catch.hpp>
#include <set>

#include "space_support.h"

using namespace npusim;
using namespace npusim::test;
using Catch::Contains;
using Catch::Equals;
using nlohmann::json;

namespace {

json axis(const std::string& field, const json& values) {
    return {{"field", field}, {"values", values}};
}

const json rows = axis("/array/rows", {4, 8, 16});
const json columns = axis("/array/columns", {8, 16});
const json clocks = axis("/clock_mhz", {250, 500});

void add_leaves(const json& value, const std::string& pointer, std::vector<std::string>& leaves) {
    if (!value.is_object()) leaves.push_back(pointer);
    if (!value.is_object()) return;
    for (const auto& item : value.items()) add_leaves(item.value(), pointer + '/' + item.key(), leaves);
}

std::vector<std::string> leaves_of(const ArchSpec& arch) {
    std::vector<std::string> leaves;
    add_leaves(to_json(arch), "", leaves);
    return leaves;
}

}  // namespace

TEST_CASE("A space holds every combination once, the last axis and then the networks fastest") {
    json space = space_json({rows, columns, clocks});
    space["networks"] = {"resnet20", "resnet56"};
    const auto points = points_in(space);
    REQUIRE(points.size() == 24);
    std::size_t i = 0;
    for (const int row : {4, 8, 16}) {
        for (const int column : {8, 16}) {
            for (const int clock : {250, 500}) {
                for (const char* network : {"resnet20", "resnet56"}) {
                    const SweepPoint& point = points[i];
                    CHECK(point.index == static_cast<std::int64_t>(i));
                    CHECK(point.network == network);
                    REQUIRE(point.arch);
                    CHECK(point.arch->array.rows == row);
                    CHECK(point.arch->array.columns == column);
                    CHECK(point.arch->clock_mhz == clock);
                    CHECK(point.settings == std::vector<std::pair<std::string, json>>{{"/array/rows", row},
                                                                                      {"/array/columns", column},
                                                                                      {"/clock_mhz", clock}});
                    ++i;
                }
            }
        }
    }
}

TEST_CASE("An axis over any field of any preset sets this field and nothing else") {
    for (const char* name :
         {"int2_array", "int4_array", "int8_array", "int16_array", "fp32_array", "bf16_array", "int8_server"}) {
        const ArchSpec base = preset(name);
        for (const std::string& leaf : leaves_of(base)) {
            INFO(name << " " << leaf);
            const json own = to_json(base).at(json::json_pointer(leaf));
            json other = own;
            if (own.is_number()) other = own.get<double>() * 2 + 2;
            if (own.is_number_integer()) other = own.get<int>() * 2 + 2;
            if (own.is_boolean()) other = !own.get<bool>();
            if (own.is_string()) other = own.get<std::string>() + "x";
            const auto points = points_in(space_json({axis(leaf, {own, other})}), base);
            REQUIRE(points.size() == 2);
            REQUIRE(points[0].arch);
            CHECK(*points[0].arch == base);
            REQUIRE(points[1].arch.has_value() == points[1].impossible.empty());
            if (!points[1].arch) continue;
            json expected = to_json(base);
            expected[json::json_pointer(leaf)] = other;
            CHECK(to_json(*points[1].arch) == expected);
        }
    }
}

TEST_CASE("Bits change the whole chip before the other axes set their fields") {
    const ArchSpec base = preset("int4_array");
    const json space = space_json({axis("/weight_buffer/kib", {100}), axis("bits", {8, 2})});
    const auto points = points_in(space, base);
    REQUIRE(points.size() == 2);
    for (const SweepPoint& point : points) {
        ArchSpec expected = at_uniform_bits(base, point.settings[1].second.get<int>());
        expected.weight_buffer.bytes = 102400;
        CHECK(point.arch == expected);
    }
}

TEST_CASE("Objects and fields that the chip does not show can be axes") {
    const json layers = {{"conv1", {{"weight_bits", 8}, {"activation_bits", 4}}}};
    const auto points = points_in(space_json({axis("/precision/layers", {json::object(), layers})}));
    REQUIRE(points.size() == 2);
    CHECK(points[0].arch->precision.layers.empty());
    CHECK(points[1].arch->precision.layers.at("conv1").activation_bits == 4);
    ArchSpec mixed = *points[1].arch;
    const auto deeper = points_in(space_json({axis("/precision/layers/conv1/activation_bits", {4, 2})}), mixed);
    CHECK(deeper[1].arch->precision.layers.at("conv1").activation_bits == 2);
}

TEST_CASE("A field that no chip of the space has is one error of the sweep, with its place and the nearest name") {
    CHECK_THAT(refusal(space_json({rows, axis("/array/colums", {8})})),
               Equals("s.json: /axes/1/field: /array/colums is no field of int4_array; did you mean /array/columns?"));
    CHECK_THAT(refusal(space_json({axis("/arrays/pe/kind", {"scalar"})})), Contains("/axes/0/field: /arrays/pe/kind"));
    CHECK_THAT(refusal(space_json({axis("/clock_mhz/x", {1})})), Contains("/axes/0/field: /clock_mhz/x is no field"));
    const json pair = {{"fields", {"/clock_mhz", "/volts"}}, {"values", {{250, 1}}}};
    json space = space_json({pair});
    space["derived"] = {{{"field", "/dram/ranks"}, {"expression", "arrays.rows"}}};
    space["constraints"] = {"array.row > 4"};
    CHECK_THAT(refusal(space),
               Contains("/axes/0/fields/1: /volts is no field") &&
                   Contains("/derived/0/field: /dram/ranks is no field") &&
                   Contains("/derived/0/expression: arrays.rows is no number of the chip; did you mean") &&
                   Contains("/constraints/0: array.row is no number of the chip"));
    const json layer_bits = axis("/precision/layers/conv1/weight_bits", {4});
    ArchSpec mixed = preset("int4_array");
    mixed.precision.layers["conv1"] = {8, 8};
    CHECK(refusal(space_json({layer_bits}), mixed).empty());
    // Another uniform precision has no layers of their own.
    CHECK_THAT(refusal(space_json({layer_bits, axis("bits", {8})}), mixed), Contains("/axes/0/field: "));
}

TEST_CASE("A chip that the reader refuses is an impossible point that carries the reader's reason") {
    const auto points =
        points_in(space_json({axis("/weight_buffer/banks", {2, 3}), axis("/clock_mhz", {500, "fast"})}));
    REQUIRE(points.size() == 4);
    CHECK(points[0].arch);
    CHECK(points[0].impossible.empty());
    for (std::size_t i = 1; i < 4; ++i) CHECK_FALSE(points[i].arch);
    CHECK_THAT(points[1].impossible, Contains("/clock_mhz: \"fast\""));
    CHECK_THAT(points[2].impossible, Contains("/weight_buffer/banks: 3 is odd"));
    CHECK_THAT(points[3].impossible, Contains("/weight_buffer/banks: 3 is odd") && Contains("; ") && !Contains("\n"));
}

TEST_CASE("Bits that a chip cannot have make its points impossible") {
    ArchSpec base = preset("int2_array");
    base.activation_buffer.width_bits = 65536;
    base.activation_buffer.bytes = 1 << 20;
    const auto points = points_in(space_json({axis("bits", {2, 16})}, {"array.rows > 0"}), base);
    REQUIRE(points.size() == 2);
    CHECK(points[0].arch);
    CHECK_THAT(points[1].impossible, Contains("/activation_buffer/width_bits"));
}

TEST_CASE("Derived fields make chips possible that the axes alone would make impossible") {
    json space = space_json({axis("/precision/activation_bits", {4, 16}), axis("/double_buffering", {false, true}),
                             axis("/weight_buffer/banks", {1, 3})});
    const auto impossible = [](const std::vector<SweepPoint>& points) {
        return std::count_if(points.begin(), points.end(), [](const SweepPoint& point) { return !point.arch; });
    };
    CHECK(impossible(points_in(space)) == 6);
    space["axes"].erase(1);
    space["derived"] = {
        {{"field", "/precision/residual_bits"}, {"expression", "max(precision.activation_bits, 8)"}},
        {{"field", "/double_buffering"}, {"expression", "floor(weight_buffer.banks / 2) * 2 == weight_buffer.banks"}},
        {{"field", "/dram/latency_ns"}, {"expression", "precision.residual_bits * 10.0"}},
        {{"field", "/weight_buffer/kib"}, {"expression", "weight_buffer.banks / 2 + double_buffering"}}};
    const auto points = points_in(space);
    CHECK(impossible(points) == 0);
    for (const SweepPoint& point : points) {
        const bool wide = point.settings[0].second == 16;
        CHECK_FALSE(point.arch->double_buffering);
        CHECK(point.arch->precision.residual_bits == (wide ? 16 : 8));
        CHECK(point.arch->dram.latency_ns == (wide ? 160 : 80));
        CHECK(field_of(point, "/weight_buffer/kib") == point.settings[1].second.get<int>() / 2.0);
    }
}

TEST_CASE("A space is the same every time and for every file name") {
    json space = space_json({rows, columns, axis("bits", {8, 4})}, {"bits * array.rows <= 64"});
    const auto once = points_in(space);
    const auto again = points_of(parse_sweep(space, "other.json"), preset("int4_array"), {}, "other.json");
    REQUIRE(once.size() == again.size());
    for (std::size_t i = 0; i < once.size(); ++i) {
        CHECK(once[i].index == again[i].index);
        CHECK(once[i].settings == again[i].settings);
        CHECK(once[i].arch == again[i].arch);
    }
}

TEST_CASE("A space that a program made is held to the rules of one that was read") {
    SweepSpec spec = parse_sweep(space_json({rows}), "s.json");
    spec.axes.front().settings.push_back({4});
    spec.sample.points = 3;
    try {
        (void)points_of(spec, preset("int4_array"), {}, "made");
        FAIL("accepted");
    } catch (const InputError& error) {
        CHECK_THAT(error.what(),
                   Contains("made: /axes/0/values: 4 is given twice") && Contains("made: /sample/points: "));
    }
}
