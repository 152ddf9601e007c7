// npusim compare: both kinds of results, and what it refuses.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "npusim/base/files.h"
#include "support/program_run.h"

using namespace npusim;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::refusal_of_program;
using test::TemporaryFolder;

namespace {

/// Two points that can be built and one that cannot; their accuracy is not measured.
constexpr const char* kSpace = R"({
  "name": "a:space", "arch": "int4_array.json", "networks": ["resnet20"],
  "axes": [{"field": "/array/rows", "values": [16, 32]}, {"field": "/activation_buffer/kib", "values": [64, 0.01]}]
})";

class Results {
public:
    Results() {
        write_whole_file(folder_ / "space.json", kSpace);
        run("sweep " + path("space.json") + " --quiet --store " + path("store") + " --json " + path("rows.json"));
    }

    [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
    [[nodiscard]] json read(const std::string& name) const { return json::parse(read_text_file(folder_ / name)); }
    void write(const std::string& name, const std::string& text) const { write_whole_file(folder_ / name, text); }

    static std::string run(const std::string& options) {
        const auto ran = test::run_program(options);
        INFO(options << "\n" << ran.error);
        REQUIRE(ran.code == 0);
        return ran.out;
    }

    /// A result of the main job, as a file of that name.
    std::string simulate(const std::string& name, const std::string& options) const {
        run("--model resnet20 --no-train --no-ladder --quiet --json " + path(name) + " --arch int4_array " + options);
        return path(name);
    }

    [[nodiscard]] json compare(const std::string& a, const std::string& b) const {
        run("compare --quiet " + a + " " + b + " --json " + path("c.json"));
        return read("c.json");
    }

private:
    TemporaryFolder folder_;
};

json figure(const json& comparison, const std::string& group, const std::string& name) {
    for (const json& one : comparison.at("figures").at(group)) {
        if (one.at("name") == name) return one;
    }
    FAIL("no figure " << name);
    return {};
}

}  // namespace

TEST_CASE("A result equals itself in every figure, and a file equals the point of a sweep with the same chip") {
    const Results results;
    const std::string file = results.simulate("16.json", "");
    for (const std::string& other : {file, results.path("store") + ":0", results.path("store") + ":a:space:0"}) {
        const json same = results.compare(file, other);
        CHECK(same.at("chips").empty());
        std::size_t figures = 0;
        for (const auto& group : same.at("figures").items()) {
            for (const json& one : group.value()) {
                ++figures;
                INFO(one);
                CHECK(one.at("a") == one.at("b"));
                CHECK(one.at("difference") == 0);
            }
        }
        CHECK(figures > 40);
        CHECK(same.at("layers").size() == results.read("16.json").at("layers").size());
        const std::string printed = Results::run("compare " + file + " " + other);
        CHECK_THAT(printed, Catch::StartsWith("differs    nothing"));
        CHECK_THAT(printed, Contains("no layer differs") && !Contains("\033"));
    }
}

TEST_CASE("The figures of both sides are those of the results, and their differences and ratios follow") {
    const Results results;
    const std::string first = results.simulate("first.json", "");
    const std::string second = results.simulate("second.json", "--set /array/rows=32 --set /clock_mhz=250 --bits 2");
    const json a = results.read("first.json");
    const json b = results.read("second.json");
    const json compared = results.compare(first, second);
    const auto check = [&](const std::string& group, const std::string& name, const json& left, const json& right) {
        const json one = figure(compared, group, name);
        INFO(one);
        CHECK(one.at("a") == left);
        CHECK(one.at("b") == right);
        CHECK(one.at("difference") == right.get<double>() - left.get<double>());
        CHECK(one.at("ratio") == right.get<double>() / left.get<double>());
    };
    const auto both = [&](const std::string& group, const std::string& name, const std::string& pointer) {
        check(group, name, a.at(json::json_pointer(pointer)), b.at(json::json_pointer(pointer)));
    };
    both("result", "cycles", "/counters/total_cycles");
    both("result", "latency_ms", "/figures/milliseconds");
    both("result", "utilization", "/figures/utilization");
    both("result", "energy_pj", "/energy/total_pj");
    both("result", "area_mm2", "/area/total_mm2");
    both("energy", "energy_dram_pj", "/energy/dram_pj");
    both("area", "area_array_mm2", "/area/array_mm2");
    both("cycles", "array_busy_cycles", "/counters/array/busy_cycles");
    both("cycles", "store_dma_idle_dram_cycles", "/counters/store_dma/idle_cycles/dram");
    both("dram", "dram_weight_read_bytes", "/counters/dram/weight_read_bytes");
    // 64-bit ports: 8 bytes an access.
    check("sram", "weight_buffer_read_bytes", a.at("counters").at("weight_buffer").at("reads").get<double>() * 8,
          b.at("counters").at("weight_buffer").at("reads").get<double>() * 8);
    std::set<std::string> fields;
    for (const json& one : compared.at("chips")) fields.insert(one.at("field").get<std::string>());
    CHECK(fields ==
          std::set<std::string>{"/array/rows", "/clock_mhz", "/precision/activation_bits", "/precision/weight_bits"});
    const json& layer = compared.at("layers").at(3);
    CHECK(layer.at("name") == a.at("layers").at(3).at("name"));
    CHECK(layer.at("figures").at(2).at("b") == b.at("layers").at(3).at("energy").at("total_pj"));
}

TEST_CASE("A comparison fits the screen, names what differs first, and lists all layers where they are asked for") {
    const Results results;
    const std::string first = results.simulate("first.json", "");
    const std::string second = (results.path("second.json"));
    Results::run("--model resnet32 --no-train --no-ladder --quiet --arch int2_array --json " + second);
    const std::string printed =
        Results::run("compare " + first + " " + second + " --layers --markdown " + results.path("c.md"));
    CHECK_THAT(printed, Catch::StartsWith("differs    /") && Contains("network resnet20 3x32x32 -> resnet32 3x32x32"));
    CHECK_THAT(printed, Contains("layer3.4.conv2") && Contains("B / A"));
    std::istringstream lines(printed.substr(printed.find("\n\n")));
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }) <= 100);
    }
    const std::string markdown = read_text_file(results.path("c.md"));
    CHECK_THAT(markdown, Contains("| cycles | ") && Contains("| layer3.4.conv2 | - |") && Contains("|---|---:|"));
}

TEST_CASE("What is no result is refused with one line that says why") {
    const Results results;
    const std::string file = results.simulate("good.json", "");
    const auto refused = [&](const std::string& other) {
        const std::string error = refusal_of_program("compare " + file + " " + other);
        CHECK(std::count(error.begin(), error.end(), '\n') == 1);
        return error;
    };
    const std::string store = results.path("store");
    CHECK_THAT(refused(results.path("nowhere.json")), Contains("nowhere.json: there is no such file"));
    CHECK_THAT(refused(store), Contains("is a store; name a point of it"));
    CHECK_THAT(refused(store + ":7"), Contains("has no point 7; it has 4 with indices from 0 to 3"));
    CHECK_THAT(refused(store + ":1"), Contains("point 1: has no result: impossible, "));
    CHECK_THAT(refused(store + ":other:0"), Contains("\"other\" is not in the store") && Contains("a:space"));
    CHECK_THAT(refused(store + ":first"), Contains("\"first\" is no point's index"));
    CHECK_THAT(refused(results.path("space.json") + ":0"), Contains("space.json"));
    CHECK_THAT(
        refused(results.path("rows.json")),
        Contains("is no result that npusim --json wrote: it lacks \"arch\"") || Contains("it lacks \"provenance\""));
    json damaged = results.read("good.json");
    damaged.at("layers").erase(0);
    results.write("bad.json", damaged.dump());
    CHECK_THAT(refused(results.path("bad.json")), Contains("/counters: is not the sum of the layers' counters"));
    damaged = results.read("good.json");
    damaged["more"] = 1;
    results.write("bad.json", damaged.dump());
    CHECK_THAT(refused(results.path("bad.json")), Contains("has \"more\", which no result has"));
    damaged = results.read("good.json");
    damaged.at("energy").erase("dram_pj");
    results.write("bad.json", damaged.dump());
    CHECK_THAT(refused(results.path("bad.json")), Contains("bad.json") && Contains("dram_pj"));
    CHECK_THAT(refusal_of_program("compare " + file), Contains("two results are needed"));
}
