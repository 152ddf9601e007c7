// npusim import accelergy: the table that is written, what is said of it, and what is refused.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "npusim/arch/technology.h"
#include "support/accelergy_tables.h"
#include "support/program_run.h"

using namespace npusim;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::AccelergyTables;
using test::refusal_of_program;
using test::run_program;

namespace {

std::string words(const AccelergyTables& tables, const std::string& options = "") {
    return "import accelergy " + tables.path().string() + " --out " + (tables / "own.json").string() + " " + options;
}

json simulated(const AccelergyTables& tables, const std::string& options) {
    const std::string file = (tables / "run.json").string();
    const auto ran =
        run_program("--arch int8_array --model resnet20 --no-train --no-ladder --quiet --json " + file + " " + options);
    INFO(ran.error);
    REQUIRE(ran.code == 0);
    return json::parse(read_text_file(file));
}

}  // namespace

TEST_CASE("An imported table prices a network: DRAM by twice the figure takes twice the energy, PEs take the MAC's") {
    const AccelergyTables tables;
    tables.write("DRAM", "technology,width,type,action,energy\n45nm,64,LPDDR4,read,1024\n");
    REQUIRE(run_program(words(tables, "--mac-is pe --quiet")).code == 0);
    const json own = simulated(tables, "--set /technology=" + (tables / "own.json").string());
    const json base = simulated(tables, "");
    CHECK(own.at("counters") == base.at("counters"));
    CHECK(own.at("energy").at("dram_pj").get<double>() ==
          Approx(2 * base.at("energy").at("dram_pj").get<double>()).epsilon(1e-14));
    CHECK(own.at("energy").at("array_pj") < base.at("energy").at("array_pj"));
    CHECK(own.at("provenance").at("technology") == "own, 1.1 V");
    CHECK(own.at("provenance").at("technology_hash") != base.at("provenance").at("technology_hash"));
}

TEST_CASE("The written table is the same bytes wherever it lies, and can be moved") {
    const AccelergyTables tables;
    REQUIRE(run_program(words(tables)).code == 0);
    const std::string first = read_text_file(tables / "own.json");
    std::filesystem::create_directory(tables / "other");
    const std::string moved = (tables / "other/own.json").string();
    REQUIRE(run_program("import accelergy " + tables.path().string() + " --out " + moved).code == 0);
    CHECK(read_text_file(moved) == first);
    CHECK(json::parse(first).at("based_on") == "45nm.json");
    CHECK_FALSE(first.find(tables.path().string()) != std::string::npos);
}

TEST_CASE("A base of one's own is named by the way to it") {
    const AccelergyTables tables;
    std::filesystem::create_directory(tables / "deep");
    const std::filesystem::path shipped = NPUSIM_SOURCE_DIR "/arch/technology/45nm.json";
    json base = json::parse(read_text_file(shipped));
    base["name"] = "foundry";
    base["dram"]["pj_per_bit"]["HBM2"] = 5;
    write_whole_file(tables / "deep/foundry.json", base.dump());
    REQUIRE(run_program(words(tables, "--based-on " + (tables / "deep/foundry.json").string())).code == 0);
    CHECK(json::parse(read_text_file(tables / "own.json")).at("based_on") == "deep/foundry.json");
    const Technology own = read_technology(tables / "own.json");
    CHECK(own.based_on == "foundry");
    CHECK(own.dram_pj_per_bit_of("HBM2") == 5);
    CHECK(own.dram_pj_per_bit_of("LPDDR4") == 8);
}

TEST_CASE("A table called like the one it builds on does not build on itself") {
    const AccelergyTables tables;
    const std::string out = (tables / "45nm.json").string();
    REQUIRE(run_program("import accelergy " + tables.path().string() + " --quiet --out " + out).code == 0);
    CHECK(read_technology(out).dram_pj_per_bit_of("LPDDR4") == 8);
    CHECK_THAT(
        refusal_of_program("import accelergy " + tables.path().string() + " --based-on " + out + " --out " + out),
        Contains("is the table that --based-on names"));
}

TEST_CASE("The import tells which rows it used, which not and why, and what stays as in the base") {
    const AccelergyTables tables;
    const auto ran = run_program(words(tables));
    CHECK(ran.code == 0);
    CHECK(ran.error.empty());
    CHECK_THAT(ran.out, Contains("own.json: 45nm with Accelergy tables, technology 45nm") && Contains("\nUsed\n") &&
                            Contains("intmac.csv, line 2: 8-bit MAC") && Contains("\nNot used\n") &&
                            Contains("counter.csv: npusim has no part of this class") && Contains("\nAs in 45nm\n") &&
                            Contains("requantizer"));
    CHECK(run_program(words(tables)).out == ran.out);
    CHECK(run_program(words(tables, "--quiet")).out.empty());
}

TEST_CASE("A refused import leaves no file and keeps an older one") {
    const AccelergyTables tables;
    write_whole_file(tables / "own.json", "older");
    tables.write("SRAM", "technology,width,depth,action,energy\n45nm,64,512,read,-4\n");
    CHECK_THAT(refusal_of_program(words(tables)), Contains("SRAM.csv: line 2: column energy: \"-4\""));
    CHECK(read_text_file(tables / "own.json") == "older");
}

TEST_CASE("npusim import without its words, or with wrong ones, is refused with what is needed") {
    const AccelergyTables tables;
    const std::string path = tables.path().string();
    CHECK_THAT(refusal_of_program("import"), Contains("accelergy and a folder of CSV files are needed"));
    CHECK_THAT(refusal_of_program("import timeloop " + path + " --out x.json"), Contains("accelergy and a folder"));
    CHECK_THAT(refusal_of_program("import accelergy " + path), Contains("option --out: is needed"));
    CHECK_THAT(refusal_of_program(words(tables, "--based-on 46nm")), Contains("no table \"46nm\"") && Contains("22nm"));
    CHECK_THAT(refusal_of_program(words(tables, "--technology 32")), Contains("there are rows of 45nm, 65nm"));
    CHECK_THAT(refusal_of_program(words(tables, "--mac-is half")), Contains("option --mac-is"));
    CHECK_THAT(refusal_of_program("import accelergy " + path + "/none --out " + (tables / "x.json").string()),
               Contains("none: no such file or folder"));
}

TEST_CASE("npusim import explains itself, and npusim --help names it") {
    CHECK_THAT(run_program("import --help").out, Contains("npusim import accelergy tables --based-on 45nm"));
    CHECK_THAT(run_program("--help").out, Contains("\n  import "));
}
