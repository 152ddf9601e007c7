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
    "/cell_utilization", "/mac_table", "/fits/0", "/fits/17", "/register", "/weight_load", "/narrow_operands",
    "/logic_leakage",    "/fp32",      "/sram",   "/dram",    "/wire",     "/voltage"};

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

TEST_CASE("Rows of unknown kinds, factors below one and supplies below the threshold are refused") {
    check_problem("/mac_table/rows/0/0", "mull", "/mac_table/rows", "row 0: a kind (mul, pe, os, dot, bit_serial");
    check_problem("/mac_table/rows/0/4", 0, "/mac_table/rows", "row 0");
    check_problem("/mac_table/energy_relative_error", -0.1, "/mac_table/energy_relative_error", "outside 0..0.9");
    check_problem("/narrow_operands/rows/0", json::array({8, 8, 0.9}), "/narrow_operands/rows", "must be less");
    check_problem("/narrow_operands/rows/0", json::array({8, 4, 1.2}), "/narrow_operands/rows", "less than 1");
    check_problem("/narrow_operands/rows", json::array(), "/narrow_operands/rows", "a row is needed");
    check_problem("/wire/error_factor", 0.5, "/wire/error_factor", "outside 1..1000");
    check_problem("/sram/error_factors/along_width/read_pj", 0, "/sram/error_factors/along_width/read_pj", "outside");
    check_problem("/sram/second_port/area", "2", "/sram/second_port/area", "");
    check_problem("/voltage/valid_v", json::array({0.4, 1.2}), "/voltage/valid_v", "above threshold_v");
}

TEST_CASE("A table that builds on another one names what it scales, and only what it replaces") {
    const test::TemporaryFolder folder;
    const json base = table();
    write_whole_file(folder / "base.json", base.dump());
    const json finer = json::parse(read_text_file(NPUSIM_SOURCE_DIR "/arch/technology/22nm.json"));
    const auto problems = [&](json document) {
        write_whole_file(folder / "t.json", document.dump());
        try {
            (void)read_technology(folder / "t.json");
            return std::string();
        } catch (const InputError& error) {
            return std::string(error.what());
        }
    };
    json own = finer;
    own["based_on"] = "base.json";
    CHECK(problems(own).empty());
    for (const auto& [key, value] : finer["scale"].items()) {
        json damaged = own;
        damaged["scale"].erase(key);
        CHECK_THAT(problems(damaged), Contains("/scale/" + key + ": is missing"));
        damaged = own;
        damaged["scale"][key].erase("source");
        CHECK_THAT(problems(damaged), Contains("/scale/" + key + "/source: is missing"));
        damaged = own;
        damaged["scale"][key]["error_factor"] = 0.9;
        CHECK_THAT(problems(damaged), Contains("/scale/" + key + "/error_factor: 0.9 is outside"));
    }
    json chained = own;
    write_whole_file(folder / "middle.json", own.dump());
    chained["based_on"] = "middle.json";
    CHECK_THAT(problems(chained), Contains("builds on another table itself"));
    json lost = own;
    lost["based_on"] = "nowhere.json";
    CHECK_THAT(problems(lost), Contains("nowhere.json"));
    json unknown = own;
    unknown["scales"] = own["scale"];
    CHECK_THAT(problems(unknown), Contains("/scales: unknown key"));
    json replaced = own;
    replaced["register"] = base["register"];
    CHECK(problems(replaced).empty());
    replaced["register"].erase("unit");
    CHECK_THAT(problems(replaced), Contains("/register/unit: is missing"));
}

TEST_CASE("Banks of an SRAM table's own need their sizes, and a figure or null") {
    json own = table();
    own["sram"]["points"] = {{"columns", {"capacity_bytes", "width_bits", "ports", "read_pj", "write_pj", "area_mm2"}},
                             {"rows", json::array({{4096, 64, 1, 5, nullptr, nullptr}})},
                             {"error_factors", {{"read_pj", 1.5}, {"write_pj", 1}, {"area_mm2", 1}}}};
    CHECK(problems_of(own).empty());
    const auto damaged = [&](const std::string& pointer, const json& value) {
        json other = own;
        other[json::json_pointer("/sram/points" + pointer)] = value;
        return problems_of(other);
    };
    CHECK_THAT(damaged("/columns/0", "bytes"), Contains("/sram/points/columns: must be [\"capacity_bytes\""));
    CHECK_THAT(damaged("/rows", json::array()), Contains("/sram/points/rows: an array of rows"));
    CHECK_THAT(damaged("/rows/0/0", nullptr), Contains("/sram/points/rows: row 0: capacity, width"));
    CHECK_THAT(damaged("/rows/0/2", 1.5), Contains("row 0"));
    CHECK_THAT(damaged("/rows/0/3", 0), Contains("row 0"));
    CHECK_THAT(damaged("/rows/0", json::array({4096, 64, 1, 5})), Contains("row 0"));
    CHECK_THAT(damaged("/error_factors/read_pj", 0.5), Contains("/sram/points/error_factors/read_pj: 0.5 is outside"));
    CHECK_THAT(damaged("/note", ""), Contains("/sram/points/note: unknown key"));
}

TEST_CASE("A table takes another one's figures as they are only at the same node, and finds one that ships") {
    const test::TemporaryFolder folder;
    const std::filesystem::path shipped = NPUSIM_SOURCE_DIR "/arch/technology";
    json own = {{"name", "own"}, {"node_nm", 45}, {"vdd_v", 1.1}, {"based_on", "45nm.json"}};
    own["voltage"] = table()["voltage"];
    const auto read = [&](const std::filesystem::path& tables) {
        return parse_technology(own.dump(), folder / "own.json", tables);
    };
    const Technology complete = read_technology(shipped / "45nm.json");
    const Technology same = read(shipped);
    CHECK(same.based_on == "45nm");
    CHECK(same.sram.read_pj.back() == complete.sram.read_pj.back());
    CHECK(same.node_errors.logic_energy == 1);
    CHECK_THROWS_WITH(read({}), Contains("45nm.json"));
    json beside = table();
    beside["dram"]["pj_per_bit"]["LPDDR4"] = 9;
    write_whole_file(folder / "45nm.json", beside.dump());
    CHECK(read(shipped).dram_pj_per_bit_of("LPDDR4") == 9);
    own["node_nm"] = 22;
    CHECK_THROWS_WITH(read(shipped), Contains("/scale: is missing") && Contains("(45 nm)"));
}
