// Batches by the program's option and by a sweep's axis: the same figures.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "npusim/base/files.h"
#include "support/program_run.h"

using namespace npusim;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::TemporaryFolder;

namespace {

json simulated(const TemporaryFolder& folder, const std::string& options) {
    const std::string file = (folder / "run.json").string();
    const auto ran =
        test::run_program("--model resnet20 --no-train --no-ladder --quiet --json " + file + " " + options);
    INFO(options << "\n" << ran.error);
    REQUIRE(ran.code == 0);
    return json::parse(read_text_file(file));
}

}  // namespace

TEST_CASE("The rows of a sweep over batches are the runs of the option --batch") {
    const TemporaryFolder folder;
    write_whole_file(folder / "space.json", R"({"name": "batches", "arch": "int8_array.json", "networks": ["resnet20"],
        "axes": [{"field": "batch", "values": [1, 4, 16]},
                 {"field": "/keep_on_chip/activations", "values": [false, true]}]})");
    const std::string store = (folder / "store").string();
    const std::string rows_file = (folder / "rows.json").string();
    const auto swept = test::run_program("sweep " + (folder / "space.json").string() + " --quiet --store " + store +
                                         " --json " + rows_file);
    INFO(swept.error);
    REQUIRE(swept.code == 0);
    const json rows = json::parse(read_text_file(rows_file)).at("rows");
    REQUIRE(rows.size() == 6);
    for (const json& row : rows) {
        const auto batch = row.at("batch").get<int>();
        const bool keeps = row.at("/keep_on_chip/activations").get<bool>();
        INFO("batch " << batch << ", keeps activations: " << keeps);
        const json run = simulated(folder, "--batch " + std::to_string(batch) +
                                               " --set /keep_on_chip/activations=" + (keeps ? "true" : "false"));
        CHECK(row.at("cycles") == run.at("counters").at("total_cycles"));
        const json& figures = run.at("figures");
        CHECK(figures.at("batch") == batch);
        CHECK(row.at("latency_ms") == figures.at("milliseconds"));
        CHECK(row.at("inferences_per_s") == figures.at("frames_per_second"));
        CHECK(row.at("image_energy_pj") == figures.at("image_energy_pj"));
        const double latency_s = figures.at("milliseconds").get<double>() / 1000;
        CHECK(figures.at("frames_per_second").get<double>() == Approx(batch / latency_s));
        CHECK(figures.at("image_energy_pj").get<double>() * batch ==
              Approx(run.at("energy").at("total_pj").get<double>()));
    }
    const auto compared = test::run_program("compare " + store + ":0 " + store + ":4");
    INFO(compared.error);
    CHECK(compared.code == 0);
}

TEST_CASE("A batch is proved on its images, and on fewer where fewer are asked for") {
    const TemporaryFolder folder;
    for (const char* images : {"1", "4", "5"}) {
        const json run = simulated(folder, std::string("--batch 4 --set /keep_on_chip/activations=true --set "
                                                       "/keep_on_chip/weights=true --prove-images ") +
                                               images);
        INFO(images << " images");
        CHECK(run.at("proof").at("images") == std::stoi(images));
        CHECK(run.at("proof").at("macs").get<std::uint64_t>() * 4 ==
              run.at("counters").at("macs").get<std::uint64_t>() * std::stoul(images));
    }
}

TEST_CASE("The report of a batch says of how many images its figures are, and what loading the weights takes") {
    const auto alone = test::run_program("--model resnet20 --no-train --no-ladder");
    CHECK_THAT(alone.out, !Contains("batch") && Contains("energy an inference"));
    const auto together = test::run_program("--model resnet20 --no-train --no-ladder --batch 4");
    CHECK_THAT(together.out, Contains("for a batch of 4") && Contains("of all 4 images") && Contains("energy a batch"));
    const auto keeping = test::run_program(
        "--model resnet20 --no-train --no-ladder --set /keep_on_chip/weights=true --set /weight_buffer/kib=2048");
    CHECK_THAT(keeping.out, Contains("loads the weights that stay on chip"));
}

TEST_CASE("Batches that are no number from 1 to 1024 are refused, in options and in sweeps") {
    for (const char* batch : {"0", "-1", "1025", "two"}) {
        CHECK_THAT(test::refusal_of_program(std::string("--model resnet20 --batch ") + batch), Contains("--batch"));
    }
    const TemporaryFolder folder;
    for (const char* values : {"[0]", "[1.5]", "[1025]", "[\"many\"]"}) {
        write_whole_file(folder / "space.json",
                         std::string(R"({"name": "batches", "arch": "int8_array.json", "networks": ["resnet20"],
                             "axes": [{"field": "batch", "values": )") +
                             values + "}]}");
        const std::string refusal = test::refusal_of_program("sweep " + (folder / "space.json").string());
        CHECK_THAT(refusal, Contains("images are not allowed, allowed are 1..1024"));
    }
}
