#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "npusim/arch/arch_spec.h"
#include "npusim/arch/technology.h"
#include "npusim/base/error.h"
#include "npusim/base/json_reader.h"
#include "support/test_data.h"

using namespace npusim;
using Catch::Contains;
using nlohmann::json;

namespace {

const std::filesystem::path presets = NPUSIM_SOURCE_DIR "/arch";
const std::vector<std::string> preset_names{"int2_array", "int4_array", "int8_array",  "int16_array",   "fp32_array",
                                            "fp16_array", "bf16_array", "int8_server", "int8_edge_dram"};

json preset(const std::string& name) {
    return read_json_file(presets / (name + ".json"));
}

ArchSpec parsed(const json& value) {
    return parse_arch(value, "a.json");
}

}  // namespace

TEST_CASE("Every preset is valid, carries its file's name and finds its technology table") {
    for (const auto& name : preset_names) {
        INFO(name);
        const auto path = find_arch(name, presets);
        const ArchSpec spec = read_arch(path);
        CHECK(spec.name == name);
        CHECK_FALSE(spec.description.empty());
        const Technology technology = read_technology(technology_path(spec, path));
        CHECK(technology.dram_pj_per_bit_of(spec.dram.type) > 0);
    }
}

TEST_CASE("An architecture written as JSON is read back as the same architecture") {
    for (const auto& name : preset_names) {
        INFO(name);
        ArchSpec spec = parsed(preset(name));
        CHECK(parsed(to_json(spec)) == spec);
        CHECK(to_json(parsed(json::parse(to_json(spec).dump()))) == to_json(spec));
        spec.weight_buffer.bytes += 1;
        spec.dram.bandwidth_mb_s += 1;
        spec.dram.ideal = true;
        spec.double_buffering = spec.clock_gate_stalls = spec.array.overlap_weight_load = false;
        spec.weight_buffer.banks = 3;
        spec.precision.rounding = Rounding::double_rounding;
        spec.precision.scales = ScaleKind::power_of_two;
        spec.precision.granularity = Granularity::per_tensor;
        spec.precision.batch_norm = BatchNormPlacement::weights;
        CHECK(parsed(to_json(spec)) == spec);
    }
}

TEST_CASE("Fields that a file leaves out have the documented defaults") {
    json value = preset("int4_array");
    value.erase("description");
    value["precision"] = {{"weight_bits", 4}, {"activation_bits", 4}, {"first_last_bits", 8}};
    const ArchSpec spec = parsed(value);
    CHECK(spec.description.empty());
    CHECK(spec.precision.input_bits == 8);
    CHECK(spec.precision.residual_bits == 8);
    CHECK(spec.precision.rounding == Rounding::half_up);
    CHECK(spec.precision.scales == ScaleKind::free);
    CHECK(spec.precision.granularity == Granularity::per_channel);
    CHECK(spec.precision.batch_norm == BatchNormPlacement::multiplier);
    CHECK_FALSE(spec.dram.ideal);

    value["precision"]["activation_bits"] = 16;
    CHECK(parsed(value).precision.residual_bits == 16);
    for (const char* name : {"fp32_array", "fp16_array", "bf16_array"}) {
        json floating = preset(name);
        floating["precision"].erase("input_bits");
        floating["precision"].erase("residual_bits");
        CHECK(parsed(floating).precision == parsed(preset(name)).precision);
    }
}

TEST_CASE("Buffer sizes may have fractions of a KiB as long as they are whole bytes") {
    json value = preset("int8_array");
    value["weight_buffer"] = {{"kib", 0.5009765625}, {"banks", 2}, {"width_bits", 64}};
    CHECK(parsed(value).weight_buffer.bytes == 513);
    value["dram"]["bandwidth_gb_s"] = 0.123;
    CHECK(parsed(value).dram.bandwidth_mb_s == 123);
}

TEST_CASE("Edge presets give the array whole rows of operands and partial sums in one access") {
    for (const auto& name : preset_names) {
        INFO(name);
        const ArchSpec spec = parsed(preset(name));
        const ArraySpec& array = spec.array;
        CHECK(spec.weight_buffer.width_bits == array.columns * array.pe.weight_bits);
        CHECK(spec.activation_buffer.width_bits == array.rows * array.pe.activation_bits);
        CHECK(spec.accumulator_buffer.width_bits == array.columns * array.accumulator_bits);
        CHECK(spec.accumulator_buffer.bytes * 8 % spec.accumulator_buffer.width_bits == 0);
    }
}

TEST_CASE("An architecture is found by path, by preset file and by preset name") {
    const test::TemporaryFolder folder;
    const std::string own = folder / "mine.json";
    std::filesystem::copy_file(presets / "int8_array.json", own);
    CHECK(find_arch(own, presets) == own);
    CHECK(find_arch("int4_array.json", presets) == presets / "int4_array.json");
    CHECK(find_arch("int4_array", presets) == presets / "int4_array.json");
    CHECK_THROWS_WITH(find_arch("int5_aray", presets),
                      Contains("int5_aray: no such architecture file") && Contains("did you mean \"int") &&
                          Contains("fp16_array, fp32_array, int16_array, int2_array, int4_array") &&
                          Contains("int8_array, int8_edge_dram, int8_server"));
    CHECK_THROWS_AS(find_arch("int4_array", folder / "nothing"), InputError);
}
