#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "npusim/arch/arch_spec.h"
#include "npusim/base/error.h"

using namespace npusim;
using Catch::Contains;

namespace {

const std::filesystem::path presets = NPUSIM_SOURCE_DIR "/arch";
const std::vector<std::string> preset_names{"int2_array", "int4_array", "int8_array", "int16_array",
                                            "fp32_array", "bf16_array", "int8_server"};
const std::vector<int> all_bits{1, 2, 3, 4, 5, 6, 7, 8, 16};

ArchSpec preset(const std::string& name) {
    return read_arch(find_arch(name, presets));
}

std::int64_t elements(const BufferSpec& buffer, int bits) {
    return buffer.bytes * 8 / bits;
}

}  // namespace

TEST_CASE("At another uniform precision the buffers hold as many elements as before") {
    for (const auto& name : preset_names) {
        const ArchSpec spec = preset(name);
        for (const int bits : all_bits) {
            INFO(name << " at " << bits);
            const ArchSpec scaled = at_uniform_bits(spec, bits);
            const PeSpec& pe = spec.array.pe;
            CHECK(elements(scaled.weight_buffer, bits) == elements(spec.weight_buffer, pe.weight_bits));
            CHECK(elements(scaled.activation_buffer, bits) == elements(spec.activation_buffer, pe.activation_bits));
            CHECK(elements(scaled.accumulator_buffer, scaled.array.accumulator_bits) ==
                  elements(spec.accumulator_buffer, spec.array.accumulator_bits));
            CHECK(scaled.weight_buffer.width_bits == spec.array.columns * bits);
            CHECK(scaled.activation_buffer.width_bits == spec.array.rows * bits);
            CHECK(scaled.accumulator_buffer.width_bits == spec.array.columns * (2 * bits + 15));
        }
    }
}

TEST_CASE("At another uniform precision every layer has these bits and the rest of the chip stays") {
    for (const auto& name : preset_names) {
        const ArchSpec spec = preset(name);
        for (const int bits : all_bits) {
            INFO(name << " at " << bits);
            const ArchSpec scaled = at_uniform_bits(spec, bits);
            CHECK(scaled.name == name + " at " + std::to_string(bits) + " bits");
            CHECK(scaled.number_format == NumberFormat::integer);
            for (const int field :
                 {scaled.precision.weight_bits, scaled.precision.activation_bits, scaled.precision.first_last_bits,
                  scaled.precision.input_bits, scaled.precision.residual_bits, scaled.array.pe.weight_bits,
                  scaled.array.pe.activation_bits}) {
                CHECK(field == bits);
            }
            CHECK(scaled.array.accumulator_bits == 2 * bits + 15);
            CHECK(scaled.array.rows == spec.array.rows);
            CHECK(scaled.array.columns == spec.array.columns);
            CHECK(scaled.clock_mhz == spec.clock_mhz);
            CHECK(scaled.dram == spec.dram);
            CHECK(scaled.vector_unit == spec.vector_unit);
            CHECK(parse_arch(to_json(scaled), "scaled") == scaled);
        }
    }
}

TEST_CASE("Changing the uniform precision twice is the same as changing it once") {
    const ArchSpec spec = preset("int8_server");
    for (const int first : all_bits) {
        for (const int second : all_bits) {
            CHECK(at_uniform_bits(at_uniform_bits(spec, first), second) == at_uniform_bits(spec, second));
        }
    }
}

TEST_CASE("A chip whose PEs adapt to their operands stays as it is at another uniform precision") {
    for (const char* name : {"composable_array", "bit_serial_array"}) {
        const ArchSpec spec = preset(name);
        for (const int bits : all_bits) {
            ArchSpec scaled = at_uniform_bits(spec, bits);
            CHECK(scaled.precision.weight_bits == bits);
            CHECK(scaled.precision.activation_bits == bits);
            CHECK(scaled.precision.first_last_bits == bits);
            CHECK(at_uniform_bits(scaled, 4) == at_uniform_bits(spec, 4));
            scaled.name = spec.name;
            scaled.description = spec.description;
            scaled.precision = spec.precision;
            CHECK(scaled == spec);
        }
    }
}

TEST_CASE("A small array's ports keep at least 8 bits at low precision") {
    ArchSpec spec = preset("int8_array");
    spec.array.columns = 4;
    spec.weight_buffer.width_bits = 4 * 8;
    CHECK(at_uniform_bits(spec, 1).weight_buffer.width_bits == 8);
}

TEST_CASE("A uniform precision that no integer chip has is refused") {
    const ArchSpec spec = preset("int8_array");
    for (const int bits : {-1, 0, 9, 15, 17, 32}) {
        CHECK_THROWS_WITH(at_uniform_bits(spec, bits), Contains("allowed are 1..8, 16"));
    }
    ArchSpec wide = spec;
    wide.weight_buffer = {std::int64_t{1} << 20, 2, 65536};
    CHECK_THROWS_WITH(at_uniform_bits(wide, 16), Contains("/weight_buffer/width_bits") && Contains("65536"));
}
