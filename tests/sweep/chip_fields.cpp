// Fields of chips: what two chips differ in is what has to be set to come from one to the other.
#include "npusim/sweeps/chip_fields.h"

#include <catch2/catch.hpp>
#include <random>

#include "npusim/base/error.h"
#include "support/random_arch.h"

using namespace npusim;
using Catch::Matchers::Contains;

namespace {

ArchSpec preset(const std::string& name) {
    return read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / (name + ".json"));
}

/// Presets, presets at other bits, drawn machines, with and without layers that have bits of their own.
ArchSpec drawn_chip(std::mt19937_64& generator, test::RandomArchMaker& maker) {
    const char* presets[] = {"int16_array", "int8_array", "int4_array", "int2_array",
                             "int8_server", "fp32_array", "fp16_array", "bf16_array"};
    ArchSpec arch = preset(presets[generator() % std::size(presets)]);
    if (generator() % 2 == 0) arch = at_uniform_bits(arch, 1 + static_cast<int>(generator() % 8));
    if (generator() % 3 == 0) arch = maker.make(20 + static_cast<int>(generator() % 20));
    if (arch.number_format != NumberFormat::integer) return arch;
    for (const char* layer : {"conv1", "fire2/squeeze", "layer1.0.conv~1"}) {
        if (generator() % 3 == 0) arch.precision.layers[layer] = {1 + static_cast<int>(generator() % 8), 4};
    }
    return arch;
}

std::string refusal(const FieldSettings& settings) {
    try {
        (void)with_fields(preset("int4_array"), settings, "option --set");
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("A chip whose differing fields are set becomes the other chip, whatever the two are") {
    std::mt19937_64 generator(7);
    test::RandomArchMaker maker(7);
    int with_differences = 0;
    for (int pair = 0; pair < 300; ++pair) {
        const ArchSpec from = drawn_chip(generator, maker);
        ArchSpec to = drawn_chip(generator, maker);
        FieldSettings settings;
        for (const FieldDifference& one : differences_of(from, to)) settings.emplace_back(one.field, one.b);
        with_differences += settings.empty() ? 0 : 1;
        const ArchSpec made = with_fields(from, settings, "test");
        to.name = made.name;
        to.description = made.description;
        INFO(from.name << " to " << to.name);
        CHECK(made == to);
    }
    CHECK(with_differences > 200);
}

TEST_CASE("Names are no difference, and a single field is named as small as it is") {
    ArchSpec other = preset("int4_array");
    other.name = "another";
    CHECK(differences_of(preset("int4_array"), other).empty());
    other.dram.latency_ns = 7;
    const auto found = differences_of(preset("int4_array"), other);
    REQUIRE(found.size() == 1);
    CHECK(found.front().field == "/dram/latency_ns");
    CHECK(found.front().a == 100);
    CHECK(found.front().b == 7);
}

TEST_CASE("All fields that cannot be set are told at once, each with its pointer and what is allowed") {
    const std::string text =
        refusal({{"/array/rowz", 8}, {"/arry/rows", 8}, {"rows", 8}, {"/clock_mhz", "fast"}, {"/array/columns", 9999}});
    CHECK_THAT(text, Contains("option --set: /array/rowz") && Contains("rows"));
    CHECK_THAT(text, Contains("option --set: /arry/rows: is no field of int4_array; did you mean"));
    CHECK_THAT(text, Contains("\"rows\" is no field: a JSON pointer is needed"));
    CHECK_THAT(text, Contains("option --set: /clock_mhz"));
    CHECK_THAT(text, Contains("option --set: /array/columns") && Contains("1024"));
}

TEST_CASE("A field is set once, and not together with a part of it") {
    CHECK_THAT(refusal({{"/clock_mhz", 400}, {"/clock_mhz", 500}}), Contains("/clock_mhz: is set twice"));
    CHECK_THAT(refusal({{"/dram/latency_ns", 50}, {"/dram", {{"type", "LPDDR4"}}}}),
               Contains("/dram: overlaps /dram/latency_ns"));
    CHECK_THAT(refusal({{"/precision", 4}, {"/precision/weight_bits", 4}}), Contains("overlaps /precision"));
}

TEST_CASE("A chip that breaks a rule between its fields is refused, though each field is allowed by itself") {
    CHECK_THAT(refusal({{"/weight_buffer/banks", 3}}),
               Contains("option --set: /weight_buffer/banks") && Contains("even"));
    CHECK(refusal({{"/weight_buffer/banks", 3}, {"/double_buffering", false}}).empty());
}
