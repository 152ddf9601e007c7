#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "npusim/arch/arch_spec.h"
#include "npusim/base/error.h"
#include "npusim/base/json_reader.h"

using namespace npusim;
using Catch::Contains;
using nlohmann::json;

namespace {

json preset(const std::string& name) {
    return read_json_file(std::filesystem::path(NPUSIM_SOURCE_DIR "/arch") / (name + ".json"));
}

/// The problems, one a line; none when the architecture is valid.
std::vector<std::string> problems_of(const json& value) {
    try {
        (void)parse_arch(value, "a.json");
        return {};
    } catch (const InputError& error) {
        std::vector<std::string> lines;
        std::istringstream text(error.what());
        for (std::string line; std::getline(text, line);) lines.push_back(line);
        return lines;
    }
}

/// One problem at `pointer` when the field there has `value`.
void check_refused(const std::string& pointer, const json& value, const std::string& expected = "") {
    json arch = preset("int8_array");
    arch[json::json_pointer(pointer)] = value;
    const auto problems = problems_of(arch);
    INFO(pointer << " = " << value.dump());
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems.front(), Contains("a.json: " + pointer + ": ") && Contains(expected));
}

void check_accepted(const std::string& pointer, const json& value) {
    json arch = preset("int8_array");
    arch[json::json_pointer(pointer)] = value;
    INFO(pointer << " = " << value.dump());
    CHECK(problems_of(arch).empty());
}

struct Limits {
    std::string pointer;
    json low, high, below, above;
};

const std::vector<Limits> limits{
    {"/clock_mhz", 1, 5000, 0, 5001},
    {"/array/rows", 1, 1024, 0, 1025},
    {"/array/columns", 1, 1024, 0, 1025},
    {"/array/accumulator_bits", 4, 47, 3, 48},
    {"/weight_buffer/kib", 0.0625, 65536, 0.03125, 65537},
    {"/activation_buffer/banks", 2, 64, 0, 66},
    {"/activation_buffer/width_bits", 8, 65536, 7, 65537},
    {"/vector_unit/lanes", 1, 4096, 0, 4097},
    {"/vector_unit/pipeline_cycles", 1, 64, 0, 65},
    {"/dram/bandwidth_gb_s", 0.1, 10000, 0.099, 10000.1},
    {"/dram/latency_ns", 0, 10000, -1, 10001},
    {"/dram/burst_bytes", 8, 4096, 4, 8192},
    {"/precision/weight_bits", 1, 16, 0, 17},
};

}  // namespace

TEST_CASE("Every range of an architecture is tight") {
    for (const auto& limit : limits) {
        check_accepted(limit.pointer, limit.low);
        check_accepted(limit.pointer, limit.high);
        check_refused(limit.pointer, limit.below);
        check_refused(limit.pointer, limit.above);
    }
}

TEST_CASE("DRAM timing leaves time between refreshes, and has rows of at least a burst") {
    const auto refused = [](const std::string& field, int value, const std::string& expected) {
        json arch = preset("int8_edge_dram");
        arch["dram"]["timing"][field] = value;
        const auto problems = problems_of(arch);
        INFO(field << " = " << value);
        REQUIRE(problems.size() == 1);
        CHECK_THAT(problems.front(), Contains(expected));
    };
    refused("refresh_ns", 3864, "/dram/timing/refresh_ns: 3864 ns, and 36 ns to open a row, leave no time");
    refused("refresh_interval_ns", 216, "leave no time between refreshes every 216 ns");
    refused("banks", 6, "6 is no power of two");
    json arch = preset("int8_edge_dram");
    arch["dram"]["timing"]["refresh_ns"] = 3863;
    CHECK(problems_of(arch).empty());
    arch["dram"]["timing"]["refresh_interval_ns"] = 0;
    CHECK(problems_of(arch).empty());
    arch["dram"]["burst_bytes"] = 4096;
    CHECK_THAT(problems_of(arch).front(), Contains("a row of 2048 bytes is shorter than a burst of 4096"));
}

TEST_CASE("Every wrong type in an architecture is refused with its pointer") {
    const json arch = preset("int8_array").flatten();
    for (const auto& [pointer, value] : arch.items()) {
        if (value.is_number_integer()) {
            check_refused(pointer, "8");
            if (!pointer.ends_with("/kib")) check_refused(pointer, 8.5);
        } else if (value.is_boolean()) {
            check_refused(pointer, 1);
        } else {
            check_refused(pointer, true);
        }
        check_refused(pointer, nullptr);
    }
    for (const auto& group : {"/precision", "/array", "/array/pe", "/weight_buffer", "/dram", "/vector_unit"}) {
        check_refused(group, 7);
    }
}

TEST_CASE("Every missing field that has no default is named") {
    const json whole = preset("int8_array");
    const std::vector<std::string> optional{
        "/description",      "/precision/input_bits",  "/precision/residual_bits", "/precision/rounding",
        "/precision/scales", "/precision/granularity", "/precision/batch_norm",    "/dram/ideal"};
    const json fields = whole.flatten();
    for (const auto& [name, value] : fields.items()) {
        const json::json_pointer pointer(name);
        json arch = whole;
        arch[pointer.parent_pointer()].erase(pointer.back());
        const auto problems = problems_of(arch);
        INFO(name);
        const bool is_optional = std::find(optional.begin(), optional.end(), name) != optional.end();
        CHECK(problems == (is_optional ? std::vector<std::string>{}
                                       : std::vector<std::string>{"a.json: " + name + ": is missing"}));
    }
}

TEST_CASE("Bits between 9 and 15 and 32 integer bits are refused with the allowed widths") {
    for (const auto& field :
         {"/precision/weight_bits", "/precision/activation_bits", "/precision/first_last_bits", "/precision/input_bits",
          "/precision/residual_bits", "/array/pe/weight_bits", "/array/pe/activation_bits"}) {
        for (const int bits : {9, 12, 15, 32}) check_refused(field, bits, "allowed are 1..8, 16");
    }
}

TEST_CASE("The fp32 format allows 32 bits only") {
    json arch = preset("fp32_array");
    CHECK(problems_of(arch).empty());
    arch["precision"]["weight_bits"] = 8;
    arch["array"]["accumulator_bits"] = 31;
    const auto problems = problems_of(arch);
    REQUIRE(problems.size() == 2);
    CHECK_THAT(problems[0], Contains("/precision/weight_bits: 8 is not allowed, allowed are 32"));
    CHECK_THAT(problems[1], Contains("/array/accumulator_bits: 31 is outside 32..32"));
}

TEST_CASE("The 16-bit floating-point formats allow 16 bits, fp32 sums and scalar PEs only") {
    for (const char* name : {"fp16_array", "bf16_array"}) {
        json arch = preset(name);
        CHECK(problems_of(arch).empty());
        arch["precision"]["first_last_bits"] = 32;
        arch["array"]["pe"]["weight_bits"] = 8;
        arch["array"]["pe"]["kind"] = "dot";
        arch["array"]["accumulator_bits"] = 47;
        const auto problems = problems_of(arch);
        REQUIRE(problems.size() == 4);
        CHECK_THAT(problems[0], Contains("/precision/first_last_bits: 32 is not allowed, allowed are 16") &&
                                    Contains("fp16 or bf16"));
        CHECK_THAT(problems[1], Contains("/array/pe/kind"));
        CHECK_THAT(problems[2], Contains("/array/pe/weight_bits: 8 is not allowed, allowed are 16"));
        CHECK_THAT(problems[3], Contains("/array/accumulator_bits: 47 is outside 32..32"));
    }
}

TEST_CASE("Rules between fields are checked") {
    check_refused("/precision/residual_bits", 4, "4 is below activation_bits (8)");
    check_refused("/weight_buffer/banks", 3, "odd");
    check_refused("/weight_buffer/kib", 0.3, "whole number of bytes");
    check_refused("/dram/burst_bytes", 48, "no power of two");
    check_refused("/dram/bandwidth_gb_s", 6.4005, "MB/s");
    check_refused("/name", "", "must not be empty");

    json arch = preset("int8_array");
    arch["double_buffering"] = false;
    arch["weight_buffer"]["banks"] = 3;
    CHECK(problems_of(arch).empty());
    arch["weight_buffer"] = {{"kib", 0.0625}, {"banks", 4}, {"width_bits", 136}};
    const auto problems = problems_of(arch);
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems.front(), Contains("/weight_buffer/kib: 64 bytes are too few"));
    arch["weight_buffer"]["width_bits"] = 128;
    CHECK(problems_of(arch).empty());
}

TEST_CASE("All problems of an architecture are reported in one message") {
    json arch = preset("int4_array");
    arch["clockmhz"] = 500;
    arch.erase("clock_mhz");
    arch["array"]["rows"] = 0;
    arch["array"]["columns"] = "16";
    arch["array"]["pe"]["weight_bits"] = 4.5;
    arch["array"]["dataflow"] = "weight_stationery";
    arch["weight_buffer"]["banks"] = 5;
    arch["precision"]["activation_bits"] = 16;
    arch["precision"].erase("rounding");
    arch["precision"]["roundng"] = "half_even";
    arch["dram"].erase("type");
    const auto problems = problems_of(arch);
    const std::vector<std::pair<std::string, std::string>> expected{
        {"/clock_mhz", "is missing"},
        {"/clockmhz", "did you mean \"clock_mhz\""},
        {"/array/rows", "0 is outside 1..1024"},
        {"/array/columns", "string"},
        {"/array/pe/weight_bits", "fraction"},
        {"/array/dataflow", "did you mean \"weight_stationary\""},
        {"/weight_buffer/banks", "an even number is needed"},
        {"/precision/residual_bits", "below activation_bits (16)"},
        {"/precision/roundng", "did you mean \"rounding\""},
        {"/dram/type", "is missing"}};
    CHECK(problems.size() == expected.size());
    for (const auto& [pointer, words] : expected) {
        const bool found = std::any_of(problems.begin(), problems.end(), [&, p = pointer, w = words](const auto& line) {
            return line.starts_with("a.json: " + p + ": ") && line.find(w) != std::string::npos;
        });
        INFO(pointer << " " << words << "\n" << join(problems, "\n"));
        CHECK(found);
    }
}

TEST_CASE("A field that is wrong already does not cause further complaints") {
    check_refused("/precision/activation_bits", 300);
    check_refused("/weight_buffer/banks", 65);
    check_refused("/weight_buffer/width_bits", -5);
    check_refused("/dram/burst_bytes", 3);
    check_refused("/number_format", "int");
}

TEST_CASE("A document that is no object is refused") {
    for (const json& value : {json(nullptr), json::array(), json(3), json("x")}) {
        CHECK(problems_of(value).size() == 1);
    }
    CHECK_THROWS_AS(read_arch("/no/such/file.json"), InputError);
}
