// npusim scaling: what it writes agrees with the main job, is the same each time, and what it refuses.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "npusim/base/files.h"
#include "support/program_run.h"

using namespace npusim;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::refusal_of_program;
using test::run_program;
using test::TemporaryFolder;

namespace {

json written(const TemporaryFolder& folder, const std::string& options) {
    const std::string file = (folder / "result.json");
    const auto ran = run_program(options + " --quiet --json " + file);
    INFO(ran.error);
    REQUIRE(ran.code == 0);
    CHECK(ran.out.empty());
    return json::parse(read_text_file(file));
}

const std::string chip = "scaling --arch int4_array --model resnet20 ";

}  // namespace

TEST_CASE("A scaled chip's figures are those of the main job's ladder") {
    const TemporaryFolder folder;
    const json scaling = written(folder, chip + "--bits 8,4,2 --no-changes");
    const json ladder = written(folder, "--arch int4_array --model resnet20 --no-train").at("ladder");
    for (const json& rung : ladder.at("rungs")) {
        for (const json& point : scaling.at("equal_macs").at("points")) {
            if (point.at("bits") != rung.at("bits")) continue;
            CHECK(point.at("cycles") == rung.at("counters").at("total_cycles"));
            CHECK(point.at("energy_pj").at("total") == rung.at("energy").at("total_pj"));
            CHECK(point.at("energy_pj").at("dram") == rung.at("energy").at("dram_pj"));
            CHECK(point.at("area_mm2").at("total") == rung.at("area").at("total_mm2"));
            CHECK(point.at("energy_low_pj") < point.at("energy_pj").at("total"));
            CHECK(point.at("energy_high_pj") > point.at("energy_pj").at("total"));
        }
    }
    const auto& filled = scaling.at("equal_area").at("points");
    for (const json& point : filled) {
        CHECK(point.at("area_mm2").at("total") <= filled.at(0).at("area_mm2").at("total"));
    }
    CHECK(filled.at(2).at("milliseconds") < filled.at(0).at("milliseconds"));
    CHECK(scaling.at("fp32").at("energy_pj").at("total") > filled.at(0).at("energy_pj").at("total"));
    const auto array_pj = [&](const char* format) -> double { return scaling.at(format).at("energy_pj").at("array"); };
    CHECK(array_pj("fp32") > array_pj("fp16"));
    CHECK(array_pj("fp16") > array_pj("bf16"));
    CHECK(scaling.at("bf16").at("cycles") == scaling.at("fp16").at("cycles"));
    CHECK(scaling.at("bf16").at("arch").at("number_format") == "bf16");
}

TEST_CASE("Scaling names the change that helps most, and gives the same bytes each time") {
    const TemporaryFolder folder;
    const json first = written(folder, chip + "--bits 8,2 --no-equal-area --threads 2");
    const json again = written(folder, chip + "--bits 8,2 --no-equal-area --threads 1");
    double least = first.at("unchanged").at("energy_pj").at("total");
    std::string best;
    for (const json& change : first.at("changes")) {
        if (change.contains("failure") || change.at("energy_pj") >= least) continue;
        least = change.at("energy_pj");
        best = change.at("change");
    }
    REQUIRE_FALSE(best.empty());
    CHECK_THAT(first.at("sentence").get<std::string>(), Contains(best + " would help most"));
    for (const char* part : {"equal_macs", "elements", "changes", "sentence", "fp32", "fp16", "bf16"}) {
        CHECK(first.at(part).dump() == again.at(part).dump());
    }
}

TEST_CASE("What scaling cannot do is refused before anything runs") {
    CHECK_THAT(refusal_of_program("scaling"), Contains("--model: a network (--model) or a layer list"));
    CHECK_THAT(refusal_of_program(chip + "--bits 8,9"), Contains("--bits: \"9\" is not allowed"));
    CHECK_THAT(refusal_of_program(chip + "--bits 8"), Contains("two or more precisions"));
    CHECK_THAT(refusal_of_program(chip + "--changes-at 12"), Contains("--changes-at: allowed are 1..8, 16"));
    CHECK_THAT(refusal_of_program(chip + "--weights w.safetensors"), Contains("both --weights and --dataset"));
    CHECK_THAT(refusal_of_program(chip + "--technology nowhere.json"), Contains("nowhere.json"));
    CHECK_THAT(refusal_of_program(chip + "--plot picture.gif"), Contains("must end in .svg or .png"));
    CHECK_THAT(refusal_of_program(chip + "--set /dram/type=LPDDR9 --bits 8,4"), Contains("no DRAM type"));
}
