#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "npusim/arch/technology.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "support/test_data.h"

using namespace npusim;
using Catch::Contains;
using nlohmann::json;

namespace {

const std::vector<std::string> groups{
    "/cell_utilization", "/mac_table", "/fits/0", "/fits/11", "/register", "/weight_load",
    "/logic_leakage",    "/fp32",      "/sram",   "/dram",    "/wire"};

json table() {
    return json::parse(read_text_file(NPUSIM_SOURCE_DIR "/arch/technology/45nm.json"));
}

std::string problems_of(const json& value) {
    const test::TemporaryFolder folder;
    const std::string file = folder / "t.json";
    write_whole_file(file, value.dump());
    try {
        (void)read_technology(file);
        return "";
    } catch (const InputError& error) {
        return error.what();
    }
}

void check_problem(const std::string& pointer, const json& value, const std::string& place, const std::string& words) {
    json damaged = table();
    damaged[json::json_pointer(pointer)] = value;
    INFO(pointer << " = " << value.dump().substr(0, 80));
    CHECK_THAT(problems_of(damaged), Contains("t.json: " + place + ": ") && Contains(words));
}

}  // namespace

TEST_CASE("Every group of figures of a technology table must name its unit and its source") {
    CHECK(problems_of(table()).empty());
    for (const auto& group : groups) {
        for (const std::string key : {"unit", "source"}) {
            json damaged = table();
            damaged[json::json_pointer(group)].erase(key);
            CHECK_THAT(problems_of(damaged), Contains(group + "/" + key + ": is missing"));
            check_problem(group + "/" + key, "", group + "/" + key, "must not be empty");
        }
    }
}

TEST_CASE("Every figure of a technology table that is missing is named") {
    for (const auto& group : groups) {
        const json whole = table();
        for (const auto& [key, value] : whole[json::json_pointer(group)].items()) {
            const bool explains =
                key == "note" || key == "error_bound" || key == "mean_relative_error" || key == "points";
            json damaged = whole;
            damaged[json::json_pointer(group)].erase(key);
            INFO(group << "/" << key);
            if (explains) {
                CHECK(problems_of(damaged).empty());
            } else {
                CHECK_THAT(problems_of(damaged), Contains(group + "/" + key + ": is missing"));
            }
        }
    }
}

TEST_CASE("An unknown key of a technology table is refused, with the nearest one that is missing") {
    json misspelt = table();
    misspelt["register"].erase("area_um2_per_bit");
    misspelt["register"]["area_um2_per_bits"] = 1;
    CHECK_THAT(problems_of(misspelt), Contains("/register/area_um2_per_bits: unknown key, did you mean") &&
                                          Contains("/register/area_um2_per_bit: is missing"));
    check_problem("/sram/reed_pj", 1, "/sram/reed_pj", "unknown key");
    check_problem("/vdd", 1.1, "/vdd", "unknown key");
}

TEST_CASE("Malformed rows and columns of a technology table are refused") {
    check_problem("/mac_table/columns/0", "type", "/mac_table/columns", "must be [\"kind\"");
    check_problem("/mac_table/rows/3", json::array({"pe", 8}), "/mac_table/rows", "row 3");
    check_problem("/mac_table/rows/65/5", -1, "/mac_table/rows", "row 65");
    check_problem("/mac_table/rows/65/1", 2.5, "/mac_table/rows", "row 65");
    check_problem("/mac_table/rows", json::array(), "/mac_table/rows", "an array of rows");
    check_problem("/sram/read_pj/2/1", "x", "/sram/read_pj", "row 2: 6 positive numbers");
    check_problem("/sram/read_pj/2/1", 0, "/sram/read_pj", "row 2");
    check_problem("/sram/write_pj/12", nullptr, "/sram/write_pj", "row 12");
    check_problem("/sram/area_mm2/12/0", nullptr, "/sram/area_mm2", "null is allowed only before");
    check_problem("/sram/area_mm2/5/0", nullptr, "/sram/area_mm2", "null is allowed only before");
    check_problem("/sram/capacity_bytes/3", 1024, "/sram/capacity_bytes", "increasing");
    json shorter = table();
    shorter["sram"]["access_ns"].erase(12);
    CHECK_THAT(problems_of(shorter), Contains("/sram/access_ns: one row for each"));
}

TEST_CASE("Fits that do not say what their name promises are refused") {
    check_problem("/fits/0/terms", json::array({"w*a", "c", "w+a"}), "/fits/0/terms",
                  "must be [\"w*a\",\"w+a\",\"c\"]");
    check_problem("/fits/0/coefficients", json::array({1, 2}), "/fits/0/coefficients", "one for each term");
    check_problem("/fits/0/valid/w", json::array({16, 2}), "/fits/0/valid/w", "lowest and the highest");
    check_problem("/fits/0/name", "pe_aera", "/fits/0/name", "did you mean \"pe_area\"");
    check_problem("/fits/1/name", "pe_area", "/fits", "the fit \"pe_leakage\" is missing");
    check_problem("/fits/1/name", "pe_area", "/fits/1/name", "given twice");
}

TEST_CASE("All problems of a technology table are reported in one message") {
    json damaged = table();
    damaged["wire"]["toggle_probability"] = 1.5;
    damaged["dram"]["pj_per_bit"]["LPDDR4"] = "8";
    damaged.erase("node_nm");
    const std::string problems = problems_of(damaged);
    CHECK_THAT(problems, Contains("/wire/toggle_probability: 1.5 is outside 0..1") &&
                             Contains("/dram/pj_per_bit/LPDDR4: ") && Contains("/node_nm: is missing"));
    CHECK(std::count(problems.begin(), problems.end(), '\n') == 2);
}
