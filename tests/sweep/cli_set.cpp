// The option --set: a point of a sweep, made by hand, is that point.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "npusim/arch/arch_spec.h"
#include "npusim/base/files.h"
#include "npusim/sweeps/chip_fields.h"
#include "npusim/sweeps/sweep_store.h"
#include "support/program_run.h"

using namespace npusim;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::TemporaryFolder;

namespace {

/// Other bits, fields alone and together, an object as a whole, a name and a derived field.
constexpr const char* kSpace = R"({
  "name": "space", "arch": "int8_array.json", "networks": ["resnet20"],
  "axes": [
    {"field": "bits", "values": [8, 5, 3]},
    {"fields": ["/array/rows", "/array/columns"], "values": [[8, 8], [16, 32], [12, 20]]},
    {"field": "/precision/layers", "values": [{}, {"layer1.0.conv1": {"weight_bits": 2, "activation_bits": 4}}]},
    {"field": "/dram/type", "values": ["LPDDR4", "HBM2"]},
    {"field": "/dram/bandwidth_gb_s", "values": [3.2, 12.8]},
    {"field": "/activation_buffer/kib", "values": [48, 64.5]}
  ],
  "derived": [{"field": "/accumulator_buffer/kib", "expression": "array.columns * array.accumulator_bits / 8"},
              {"field": "/accumulator_buffer/width_bits", "expression": "array.columns * array.accumulator_bits"}],
  "sample": {"kind": "random", "points": 9, "seed": 3}
})";

std::string set_options(const ArchSpec& base, const ArchSpec& point) {
    std::string options;
    for (const FieldDifference& one : differences_of(base, point)) {
        options += " --set '" + one.field + "=" + one.b.dump() + "'";
    }
    return options;
}

json simulated(const TemporaryFolder& folder, const std::string& options) {
    const std::string file = (folder / "run.json").string();
    const auto ran =
        test::run_program("--model resnet20 --no-train --no-ladder --quiet --json " + file + " " + options);
    INFO(options << "\n" << ran.error);
    REQUIRE(ran.code == 0);
    return json::parse(read_text_file(file));
}

}  // namespace

TEST_CASE("The base chip with a point's fields set has the cycles, the energy and the area of the sweep's row") {
    const TemporaryFolder folder;
    write_whole_file(folder / "space.json", kSpace);
    const std::string store = (folder / "store").string();
    const std::string rows_file = (folder / "rows.json").string();
    const auto swept = test::run_program("sweep " + (folder / "space.json").string() + " --quiet --store " + store +
                                         " --json " + rows_file);
    INFO(swept.error);
    REQUIRE(swept.code == 0);
    const ArchSpec base = read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / "int8_array.json");
    const SweepStore kept(store, SweepStore::Mode::read_only);
    const auto points = kept.points();
    const auto entries = kept.sweep_entries("space");
    const json rows = json::parse(read_text_file(rows_file)).at("rows");
    REQUIRE(rows.size() == entries.size());
    int compared = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const StoredPoint& point = points.at(entries[i].point_key);
        if (point.status != PointStatus::done) continue;
        ++compared;
        const std::string options = set_options(base, parse_arch(point.arch, "point"));
        const json run = simulated(folder, "--arch int8_array" + options);
        INFO(options);
        CHECK(rows[i].at("cycles") == run.at("counters").at("total_cycles"));
        CHECK(rows[i].at("energy_pj") == run.at("energy").at("total_pj"));
        CHECK(rows[i].at("area_mm2") == run.at("area").at("total_mm2"));
        CHECK(rows[i].at("latency_ms") == run.at("figures").at("milliseconds"));
    }
    CHECK(compared >= 6);
}

TEST_CASE("Values are JSON or bare words, and the options of precision come after the fields") {
    const TemporaryFolder folder;
    const json run = simulated(folder,
                               "--arch int4_array --set /dram/type=HBM2 --set '/name=\"my chip\"' --set /clock_mhz=250 "
                               "--set /precision/residual_bits=6 --set /double_buffering=false --bits 3");
    const json& arch = run.at("arch");
    CHECK(arch.at("dram").at("type") == "HBM2");
    CHECK(arch.at("name") == "my chip");
    CHECK(arch.at("clock_mhz") == 250);
    CHECK(arch.at("double_buffering") == false);
    CHECK(arch.at("precision").at("residual_bits") == 6);
    CHECK(arch.at("precision").at("weight_bits") == 3);
}

TEST_CASE("What --set cannot do is refused with the option, the field and what is allowed, all at once") {
    const std::string begin = "--model resnet20 --arch int4_array ";
    const std::string fields = test::refusal_of_program(
        begin + "--set /array/rowz=8 --set /array/columns=0 --set /clock_mhz=fast --set /array/pe/kind=round");
    CHECK_THAT(fields, Contains("option --set: /array/rowz: unknown key, known are") && Contains("columns"));
    CHECK_THAT(fields, Contains("option --set: /array/columns") && Contains("1024"));
    CHECK_THAT(fields, Contains("option --set: /clock_mhz"));
    CHECK_THAT(fields, Contains("option --set: /array/pe/kind") && Contains("scalar"));
    const std::string texts =
        test::refusal_of_program(begin + "--set rows --set =3 --set '/clock_mhz=4 5' --set /dram/type=");
    CHECK_THAT(texts, Contains("\"rows\" is not FIELD=VALUE") && Contains("\"=3\" is not FIELD=VALUE"));
    CHECK_THAT(texts, Contains("/clock_mhz: \"4 5\" is neither JSON nor a word"));
    CHECK_THAT(texts, Contains("/dram/type: \"\" is neither JSON nor a word"));
    CHECK_THAT(test::refusal_of_program(begin + "--set"), Contains("--set: needs a value"));
}
