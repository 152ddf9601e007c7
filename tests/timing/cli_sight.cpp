// The files by which one sees into a run, as the command writes them.
#include <catch2/catch.hpp>

#include "npusim/sweeps/result_json.h"
#include "support/program_run.h"
#include "support/watched_run.h"

namespace npusim {

using Catch::Matchers::Contains;
using test::TemporaryFolder;

namespace {

constexpr const char* kRun = "--model resnet20 --arch int4_array --no-ladder --no-train --quiet ";

/// Runs the program with an option that writes `name`, twice; the file, which is the same both times.
std::string written(const std::string& option, const std::string& name, const std::string& more = "") {
    const TemporaryFolder folder;
    std::string first;
    for (int time = 0; time < 2; ++time) {
        const std::string file = (folder / (std::to_string(time) + name)).string();
        const auto run = test::run_program(kRun + option + " " + file + " " + more);
        INFO(run.error);
        REQUIRE(run.code == 0);
        const std::string text = read_text_file(file);
        if (time == 0) first = text;
        CHECK(text == first);
    }
    return first;
}

}  // namespace

TEST_CASE("The command writes the timeline of all layers, or of those that are named, the same bytes twice") {
    const auto all = nlohmann::json::parse(written("--timeline", "run.json"));
    CHECK(all.at("otherData").at("network") == "resnet20");
    const auto layers = test::track(all, "layers");
    REQUIRE(layers.size() > 20);
    const std::string chosen = layers[3].name + "," + layers[1].name;
    const auto some = nlohmann::json::parse(written("--timeline", "run.json", "--timeline-layers " + chosen));
    const auto shown = test::track(some, "layers");
    REQUIRE(shown.size() == 2);
    CHECK(shown[0].json == layers[1].json);
    CHECK(shown[1].json == layers[3].json);
    CHECK(test::track(some, "array").front().begin_cycles == layers[1].begin_cycles);
}

TEST_CASE("The command writes a waveform, the same bytes twice, and prints nothing of SystemC's") {
    const TemporaryFolder folder;
    const std::string text = written("--vcd", "run.vcd");
    CHECK_THAT(text, Catch::StartsWith("$comment\nresnet20 on int4_array") && Contains("$enddefinitions"));
    const auto run = test::run_program(kRun + ("--vcd " + (folder / "run.vcd").string()));
    CHECK(run.code == 0);
    CHECK(run.out + run.error == "");
}

TEST_CASE("A timeline and a waveform change nothing in the result") {
    const TemporaryFolder folder;
    const auto counters = [&](const std::string& more) {
        const std::string file = (folder / "run.json").string();
        REQUIRE(test::run_program(kRun + ("--json " + file + " " + more)).code == 0);
        auto json = nlohmann::json::parse(read_text_file(file));
        json.erase("provenance");
        return json;
    };
    CHECK(counters("--timeline " + (folder / "trace.json").string() + " --vcd " + (folder / "run.vcd").string()) ==
          counters(""));
}

TEST_CASE("The whole report of a layer list is the same at register level, its energy and timeline too") {
    const TemporaryFolder folder;
    write_whole_file(folder / "layers.csv",
                     "Layer, ifmap height, ifmap width, filter height, filter width, channels, filters, stride,\n"
                     "a, 8, 8, 3, 3, 5, 7, 1,\nb, 6, 6, 1, 1, 20, 9, 2,\n");
    const auto report = [&](const std::string& dataflow, const std::string& detail) {
        const std::string file = (folder / "run.json").string();
        const std::string trace = (folder / "trace.json").string();
        const auto run =
            test::run_program("--topology " + (folder / "layers.csv").string() +
                              " --arch int4_array --set /array/rows=5 --set /array/columns=4 --quiet "
                              "--no-ladder --set /array/dataflow=" +
                              dataflow + " --json " + file + " --timeline " + trace + " --detail " + detail);
        INFO(run.error);
        REQUIRE(run.code == 0);
        auto json = nlohmann::json::parse(read_text_file(file));
        json.erase("provenance");
        return json.dump() + read_text_file(trace);
    };
    for (const char* dataflow : {"weight_stationary", "output_stationary", "input_stationary"}) {
        INFO(dataflow);
        CHECK(report(dataflow, "register") == report(dataflow, "transaction"));
    }
    CHECK_THAT(test::refusal_of_program(kRun + std::string("--detail gates")),
               Contains("--detail") && Contains("gates"));
}

TEST_CASE("A timeline or waveform that cannot be written, or a layer that is not there, is refused with exit code 2") {
    const auto refused = [](const std::string& options) { return test::refusal_of_program(kRun + options); };
    CHECK_THAT(refused("--timeline no/such/folder/run.json"), Contains("no/such/folder"));
    CHECK_THAT(refused("--timeline /"), Contains("is a folder"));
    // There is such a folder, but nobody may write files into it: only the run itself finds out.
    CHECK_THAT(refused("--timeline /proc/run.json"), Contains("/proc/run.json") && Contains("cannot be written"));
    CHECK_THAT(refused("--vcd /proc/run.vcd"), Contains("/proc/run.vcd: cannot be written"));
    CHECK_THAT(refused("--vcd no/such/folder/run.vcd"), Contains("no/such/folder"));
    CHECK_THAT(refused("--timeline-layers layer1.0.conv1"), Contains("needs --timeline"));
    const TemporaryFolder folder;
    const std::string file = (folder / "run.json").string();
    CHECK_THAT(refused("--timeline " + file + " --timeline-layers layer1.0.conv9,layer1.0.conv1"),
               Contains("has no layer layer1.0.conv9") && Contains("layer1.0.conv1"));
    CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("Each layer of the roofline has the counters' operations and bytes, and lies at or below its roof") {
    const TemporaryFolder folder;
    const std::string result = (folder / "result.json").string();
    for (const char* dram : {"", "--set /dram/ideal=true", "--set /dram/bandwidth_gb_s=0.5"}) {
        INFO(dram);
        const auto roofline = nlohmann::json::parse(written("--roofline", "roofs.json", dram + (" --json " + result)));
        const auto run = nlohmann::json::parse(read_text_file(result));
        const auto& array = run.at("arch").at("array");
        const double hertz = run.at("arch").at("clock_mhz").get<double>() * 1e6;
        const double peak = array.at("rows").get<double>() * array.at("columns").get<double>() * hertz;
        CHECK(roofline.at("peak_operations_per_second") == peak);
        REQUIRE(roofline.at("layers").size() == run.at("layers").size());
        for (std::size_t i = 0; i < run.at("layers").size(); ++i) {
            const auto& layer = roofline.at("layers").at(i);
            const auto counters = counters_from_json(run.at("layers").at(i).at("counters"));
            CHECK(layer.at("name") == run.at("layers").at(i).at("name"));
            CHECK(layer.at("operations") == static_cast<double>(counters.pe_operations));
            CHECK(layer.at("dram_bytes") == static_cast<double>(counters.dram.moved_bytes()));
            const double intensity = layer.at("operations_per_byte");
            const double roof = layer.at("roof_operations_per_second");
            CHECK(layer.at("operations_per_second").get<double>() <= roof * (1 + 1e-9));
            const auto& bandwidth = roofline.at("dram_bytes_per_second");
            CHECK(bandwidth.is_null() == run.at("arch").at("dram").at("ideal").get<bool>());
            const bool is_starved = !bandwidth.is_null() && intensity * bandwidth.get<double>() < peak;
            CHECK(layer.at("bound") == (is_starved ? "bandwidth" : "compute"));
            CHECK(roof == Approx(is_starved ? intensity * bandwidth.get<double>() : peak));
        }
    }
}

TEST_CASE("The roofline's CSV has the figures of its JSON, and its picture is an SVG that names the chip") {
    const auto json = nlohmann::json::parse(written("--roofline", "roofs.json"));
    std::istringstream rows(written("--roofline", "roofs.csv"));
    std::string row;
    std::getline(rows, row);
    CHECK(row ==
          "name,op,cycles,operations,dram_bytes,operations_per_byte,operations_per_second,"
          "roof_operations_per_second,bound\r");
    for (const auto& layer : json.at("layers")) {
        REQUIRE(std::getline(rows, row));
        std::istringstream fields(row);
        std::string field;
        for (const char* text : {"name", "op"}) {
            std::getline(fields, field, ',');
            CHECK(layer.at(text) == field);
        }
        for (const char* number : {"cycles", "operations", "dram_bytes", "operations_per_byte", "operations_per_second",
                                   "roof_operations_per_second"}) {
            std::getline(fields, field, ',');
            CHECK(layer.at(number).get<double>() == std::stod(field));
        }
        std::getline(fields, field, ',');
        CHECK(layer.at("bound").get<std::string>() + "\r" == field);
    }
    CHECK_FALSE(std::getline(rows, row));
    if (std::system("gnuplot --version >/dev/null 2>&1") != 0) return;
    CHECK_THAT(written("--roofline", "roofs.svg"), Contains("<svg") && Contains("resnet20 on int4_array"));
}

TEST_CASE("A roofline of another kind of file, or where no file can be, is refused with exit code 2") {
    CHECK_THAT(test::refusal_of_program(std::string(kRun) + "--roofline roofs.txt"),
               Contains("--roofline") && Contains(".csv or .json"));
    CHECK_THAT(test::refusal_of_program(std::string(kRun) + "--roofline no/such/folder/roofs.csv"),
               Contains("no/such/folder"));
    CHECK_THAT(test::refusal_of_program(std::string(kRun) + "--roofline /proc/roofs.csv"), Contains("/proc/roofs.csv"));
}

}  // namespace npusim
