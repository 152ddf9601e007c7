// The commands sweep, merge and table: one space gives the same files however it is run.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "npusim/base/files.h"
#include "support/program_run.h"
#include "support/test_data.h"

using namespace npusim;
using Catch::Matchers::Contains;
using test::TemporaryFolder;

namespace {

/// Chips of all kinds: some that share layers, some that cannot be built, some whose layers do not fit.
constexpr const char* kSpace = R"({
  "name": "space", "arch": "int4_array.json", "networks": ["resnet20"],
  "axes": [
    {"field": "/array/rows", "values": [8, 16]},
    {"field": "/precision/first_last_bits", "values": [4, 8]},
    {"field": "/activation_buffer/kib", "values": [0.25, 16, 64]},
    {"field": "/clock_mhz", "values": [250, 500]},
    {"field": "/dram/type", "values": ["LPDDR4", "HBM2"]}
  ],
  "objectives": [{"metric": "energy_pj"}, {"metric": "area_mm2"}]
})";

/// Enough of them that a sweep outlives its first kills.
constexpr const char* kLongSpace = R"({
  "name": "long", "arch": "int4_array.json", "networks": ["resnet20"],
  "axes": [
    {"field": "bits", "values": [8, 6, 5, 4, 3, 2]},
    {"field": "/array/rows", "values": [4, 8, 12, 16, 24, 32]},
    {"field": "/precision/first_last_bits", "values": [4, 8]},
    {"field": "/activation_buffer/kib", "values": [0.25, 16, 64]},
    {"field": "/dram/latency_ns", "values": [50, 100]}
  ]
})";

test::ProgramRun run(const std::string& options) {
    return test::run_program(options);
}

std::string write_space(const TemporaryFolder& folder) {
    write_whole_file(folder / "space.json", kSpace);
    return (folder / "space.json").string();
}

std::string csv_of(const TemporaryFolder& folder, const std::string& store) {
    const std::string csv = (folder / (store + ".csv")).string();
    const auto printed = run("table " + (folder / store).string() + " --csv " + csv);
    INFO(printed.error);
    REQUIRE(printed.code == 0);
    return read_text_file(csv);
}

void kill_children_of(pid_t parent) {
    const std::string number = std::to_string(parent);
    std::ifstream children("/proc/" + number + "/task/" + number + "/children");
    for (pid_t child = 0; children >> child;) ::kill(child, SIGKILL);
}

}  // namespace

TEST_CASE("A sweep gives the same bytes with one worker, with three, and as merged shards") {
    const TemporaryFolder folder;
    const std::string space = write_space(folder);
    const auto sweep = [&](const std::string& store, const std::string& more) {
        const auto ran = run("sweep " + space + " --store " + (folder / store).string() + more);
        INFO(ran.error);
        REQUIRE(ran.code == 0);
        return ran.out;
    };
    CHECK_THAT(sweep("one", " --workers 1"), Contains("48 points of 48 done") && Contains("Pareto front"));
    sweep("three", " --workers 3");
    for (const char* shard : {"1", "2", "3"})
        sweep(std::string("part") + shard, std::string(" --shard ") + shard + "/3");
    std::string merge = "merge " + (folder / "merged").string();
    for (const char* part : {"part3", "part1", "part2"}) merge += " " + (folder / part).string();
    REQUIRE(run(merge).code == 0);
    const std::string wanted = csv_of(folder, "one");
    CHECK(csv_of(folder, "three") == wanted);
    CHECK(csv_of(folder, "merged") == wanted);
    CHECK_THAT(wanted, Contains("impossible") && Contains("done"));
}

TEST_CASE("A sweep that ran before simulates nothing, and another price changes energies only") {
    const TemporaryFolder folder;
    const std::string space = write_space(folder);
    const std::string command = "sweep " + space + " --store " + (folder / "store").string();
    REQUIRE(run(command).code == 0);
    const std::string before = csv_of(folder, "store");
    const auto again = run(command);
    REQUIRE(again.code == 0);
    CHECK_THAT(again.out, Contains("48 points found in the store") && !Contains("simulated"));
    CHECK(csv_of(folder, "store") == before);
    auto prices = nlohmann::json::parse(
        read_text_file(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / "technology" / "45nm.json"));
    prices.at("dram").at("pj_per_bit").at("LPDDR4") = 80.0;
    write_whole_file(folder / "dear.json", prices.dump());
    const std::string csv = (folder / "dear.csv").string();
    const auto priced = run("table " + (folder / "store").string() + " --technology " +
                            (folder / "dear.json").string() + " --csv " + csv);
    INFO(priced.error);
    REQUIRE(priced.code == 0);
    const std::string dearer = read_text_file(csv);
    CHECK(dearer != before);
    CHECK(std::count(dearer.begin(), dearer.end(), '\n') == std::count(before.begin(), before.end(), '\n'));
}

TEST_CASE("A sweep whose program and workers are killed again and again ends with an undisturbed one's bytes") {
    const TemporaryFolder folder;
    write_whole_file(folder / "long.json", kLongSpace);
    const std::string space = (folder / "long.json").string();
    const std::string store = (folder / "killed").string();
    std::mt19937 random(5);
    REQUIRE(run("sweep " + space + " --store " + (folder / "whole").string()).code == 0);
    constexpr int kKills = 50;
    int hits = 0;
    for (int kill = 0; kill < kKills; ++kill) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::setpgid(0, 0);
            ::execl(NPUSIM_PROGRAM, NPUSIM_PROGRAM, "sweep", space.c_str(), "--store", store.c_str(), "--quiet",
                    "--workers", "2", static_cast<char*>(nullptr));
            ::_exit(127);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 80));
        // Every other time only what the program has started is killed first.
        if (kill % 2 == 0) {
            kill_children_of(child);
            std::this_thread::sleep_for(std::chrono::milliseconds(random() % 40));
        }
        ::kill(child, SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        hits += WIFSIGNALED(status) ? 1 : 0;
    }
    CHECK(hits > kKills / 2);  // else the sweep was over too soon to be disturbed
    const auto last = run("sweep " + space + " --store " + store);
    INFO(last.error);
    REQUIRE(last.code == 0);
    CHECK(csv_of(folder, "killed") == csv_of(folder, "whole"));
}

TEST_CASE("Sweeps that cannot be are refused with their file and place, before anything runs") {
    const TemporaryFolder folder;
    const auto refused = [&](const std::string& text) {
        write_whole_file(folder / "bad.json", text);
        const auto ran = run("sweep " + (folder / "bad.json").string() + " --store " + (folder / "store").string());
        CHECK(ran.code == 2);
        CHECK_FALSE(std::filesystem::exists(folder / "store"));
        return ran.error;
    };
    CHECK_THAT(refused("{"), Contains("bad.json"));
    CHECK_THAT(refused(R"({"name": "a", "arch": "int4_array", "networks": ["resnet20"],
                           "axes": [{"field": "/array/rowz", "values": [8]}]})"),
               Contains("bad.json") && Contains("/axes/0"));
    CHECK_THAT(run("sweep").error, Contains("one sweep file is needed"));
    CHECK_THAT(run("sweep nowhere.json").error, Contains("nowhere.json"));
    CHECK_THAT(run("sweep " + write_space(folder) + " --shard 4/3").error, Contains("--shard") && Contains("4/3"));
    CHECK_THAT(run("table " + (folder / "space.json").string()).error, Contains("space.json"));
}

TEST_CASE("Objectives that the sweep's table will not have are refused before anything is simulated") {
    const TemporaryFolder folder;
    const std::string store = (folder / "store").string();
    const auto refused = [&](const std::string& objectives, const std::string& options) {
        write_whole_file(folder / "space.json", R"({"name": "a", "arch": "int4_array.json", "networks": ["resnet20"],
            "axes": [{"field": "/clock_mhz", "values": [250]}], "accuracy": {"kind": "calibrate"},
            "objectives": [{"metric": "energy_pj"}, {"metric": ")" +
                                                    objectives + "\"}]}");
        const auto ran = run("sweep " + (folder / "space.json").string() + " --store " + store + " " + options);
        CHECK(ran.code == 2);
        CHECK(ran.out.empty());
        CHECK_FALSE(std::filesystem::exists(store));
        return ran.error;
    };
    CHECK_THAT(refused("top1", "--accuracy none"), Contains("space.json") &&
                                                       Contains("/objectives/1/metric: \"top1\" is an accuracy") &&
                                                       Contains("measures none"));
    CHECK_THAT(refused("energy_p", "--accuracy none"), Contains("no metric \"energy_p\"; did you mean energy_pj"));
    const std::string unlike = refused("what is this metric", "--accuracy none");
    CHECK_THAT(unlike, Contains("known are cycles") && Contains("area_high_mm2"));
    CHECK_THAT(unlike, !Contains("did you mean"));
    CHECK_THAT(run("sweep accuracy_resnet20.json --accuracy none --store " + store).error,
               Contains("accuracy_resnet20.json: /objectives/0/metric"));
}

TEST_CASE("A sweep's table has the range of each total that the main report tells") {
    const TemporaryFolder folder;
    const std::string store = (folder / "store").string();
    write_whole_file(folder / "space.json", R"({"name": "a", "arch": "int4_array.json", "networks": ["resnet20"],
        "axes": [{"field": "/clock_mhz", "values": [500]}]})");
    const std::string table = (folder / "table.json").string();
    REQUIRE(run("sweep " + (folder / "space.json").string() + " --store " + store + " --json " + table).code == 0);
    const std::string main = (folder / "main.json").string();
    REQUIRE(run("--model resnet20 --arch int4_array --no-train --json " + main).code == 0);
    const auto row = nlohmann::json::parse(read_text_file(table)).at("rows").at(0);
    const auto bounds = nlohmann::json::parse(read_text_file(main)).at("bounds");
    for (const char* end : {"low", "high"}) {
        CHECK(row.at(std::string("energy_") + end + "_pj") == bounds.at(end).at("energy").at("total_pj"));
        CHECK(row.at(std::string("area_") + end + "_mm2") == bounds.at(end).at("area").at("total_mm2"));
    }
    const std::string page = (folder / "page.html").string();
    const std::string csv = (folder / "page.csv").string();
    REQUIRE(run("report " + store + " --out " + page + " --csv " + csv).code == 0);
    CHECK_THAT(read_text_file(csv), Contains(",energy_pj,energy_low_pj,energy_high_pj,energy_on_chip_pj,") &&
                                        Contains(",area_mm2,area_low_mm2,area_high_mm2,"));
    CHECK_THAT(read_text_file(page), Contains("energy_low_pj"));
}

TEST_CASE("A point's accuracy is that of npusim eval at its precision, and is measured once for each precision") {
    const TemporaryFolder folder;
    write_whole_file(folder / "space.json", R"({
        "name": "space", "arch": "int4_array.json", "networks": ["resnet20"],
        "axes": [{"field": "/precision/weight_bits", "values": [2, 4]}, {"field": "/clock_mhz", "values": [250, 500]}],
        "objectives": [{"metric": "top1", "maximize": true}, {"metric": "energy_pj"}],
        "accuracy": {"kind": "calibrate", "weights": "{network}.safetensors", "dataset": "shapes"}})");
    const std::string weights = (folder / "resnet20.safetensors").string();
    REQUIRE(
        run("train --model resnet20 --dataset shapes --train-images 640 --epochs 1 --quiet --out " + weights).code ==
        0);
    const std::string json = (folder / "points.json").string();
    const auto swept = run("sweep " + (folder / "space.json").string() + " --store " + (folder / "store").string() +
                           " --json " + json);
    INFO(swept.error);
    REQUIRE(swept.code == 0);
    CHECK_THAT(swept.out, Contains("by top1, energy"));
    const auto rows = nlohmann::json::parse(read_text_file(json)).at("rows");
    REQUIRE(rows.size() == 4);
    for (const auto& row : rows) {
        const std::string bits = std::to_string(row.at("/precision/weight_bits").get<int>());
        const std::string eval = (folder / ("eval" + bits + ".json")).string();
        if (!std::filesystem::exists(eval)) {
            REQUIRE(run("eval --model resnet20 --dataset shapes --arch int4_array --bits " + bits + ",4 --weights " +
                        weights + " --levels integers --quiet --json " + eval)
                        .code == 0);
        }
        CHECK(row.at("top1") == nlohmann::json::parse(read_text_file(eval)).at("levels").at(0).at("top1"));
    }
    const auto again = run("table " + (folder / "store").string() + " --json " + json);
    REQUIRE(again.code == 0);
    CHECK(nlohmann::json::parse(read_text_file(json)).at("rows") == rows);
}

TEST_CASE("A dry run counts the points and touches nothing") {
    const TemporaryFolder folder;
    const auto ran = run("sweep " + write_space(folder) + " --dry-run --store " + (folder / "store").string());
    REQUIRE(ran.code == 0);
    CHECK_THAT(ran.out, Contains("48 points"));
    CHECK_FALSE(std::filesystem::exists(folder / "store"));
}

TEST_CASE("Every sweep that ships can be run") {
    const auto folder = std::filesystem::path(NPUSIM_SOURCE_DIR) / "sweeps";
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".json") continue;
        ++count;
        const auto ran = run("sweep " + entry.path().filename().string() + " --dry-run");
        INFO(entry.path() << ": " << ran.error);
        CHECK(ran.code == 0);
        CHECK_THAT(ran.out, !Contains("cannot be built"));
    }
    CHECK(count >= 2);
}
