#include <algorithm>
#include <cmath>
#include <limits>

#include "arch_fields.h"
#include "arch_names.h"
#include "npusim/arch/arch_spec.h"
#include "npusim/models/quantization/precision_json.h"

namespace npusim {
namespace {

constexpr double bytes_per_kib = 1024;
constexpr double mb_per_gb = 1000;
constexpr int fp32_bits = 32;

int small_integer(JsonReader& reader, const std::string& key, Range<std::int64_t> allowed) {
    return static_cast<int>(reader.integer(key, allowed));
}

ArraySpec read_array(JsonReader reader, NumberFormat format) {
    ArraySpec spec;
    spec.rows = small_integer(reader, "rows", {1, 1024});
    spec.columns = small_integer(reader, "columns", {1, 1024});
    spec.dataflow = reader.choice("dataflow", arch_names::dataflows);
    JsonReader pe = reader.object("pe");
    spec.pe.kind = pe.choice("kind", arch_names::pe_kinds);
    spec.pe.weight_bits = read_bits(pe, "weight_bits", format == NumberFormat::fp32);
    spec.pe.activation_bits = read_bits(pe, "activation_bits", format == NumberFormat::fp32);
    pe.reject_unknown_keys();
    const bool is_fp32 = format == NumberFormat::fp32;
    spec.accumulator_bits = small_integer(
        reader, "accumulator_bits", is_fp32 ? Range<std::int64_t>{fp32_bits, fp32_bits} : Range<std::int64_t>{4, 47});
    spec.overlap_weight_load = reader.boolean("overlap_weight_load");
    reader.reject_unknown_keys();
    return spec;
}

std::optional<std::int64_t> read_bytes(JsonReader& reader) {
    constexpr Range<double> allowed_kib{0.0625, 65536};
    const double bytes = reader.number("kib", allowed_kib) * bytes_per_kib;
    if (!reader.has("kib") || !reader.raw("kib").is_number()) return std::nullopt;
    if (reader.raw("kib").get<double>() * bytes_per_kib != bytes) return std::nullopt;
    if (bytes != std::floor(bytes)) {
        reader.problem("kib", reader.raw("kib").dump() + " KiB are no whole number of bytes");
        return std::nullopt;
    }
    return static_cast<std::int64_t>(bytes);
}

BufferSpec read_buffer(JsonReader reader, bool double_buffering) {
    const auto bytes = read_bytes(reader);
    reader.refine("kib", R"({"multipleOf": 0.0009765625})");  // whole bytes
    const auto banks = reader.checked_integer("banks", {1, 64});
    const auto width_bits = reader.checked_integer("width_bits", {8, 65536});
    if (banks && double_buffering && *banks % 2 != 0) {
        reader.problem("banks", std::to_string(*banks) +
                                    " is odd, but double_buffering gives half of the banks to each side: "
                                    "an even number is needed");
    }
    if (bytes && banks && width_bits && *bytes * 8 < *banks * *width_bits) {
        reader.problem("kib", std::to_string(*bytes) + " bytes are too few: each of the " + std::to_string(*banks) +
                                  " banks must hold at least one word of " + std::to_string(*width_bits) + " bits");
    }
    reader.reject_unknown_keys();
    BufferSpec spec;
    spec.bytes = bytes.value_or(spec.bytes);
    spec.banks = static_cast<int>(banks.value_or(spec.banks));
    spec.width_bits = static_cast<int>(width_bits.value_or(spec.width_bits));
    return spec;
}

std::int64_t read_bandwidth_mb_s(JsonReader& reader) {
    constexpr double tolerance_mb = 1e-6;  // decimal fractions such as 6.4 have no exact double
    const double mb_s = reader.number("bandwidth_gb_s", {0.1, 10000}) * mb_per_gb;
    if (std::abs(mb_s - std::round(mb_s)) > tolerance_mb) {
        reader.problem("bandwidth_gb_s", "is no whole number of MB/s (a multiple of 0.001 is needed)");
    }
    return std::llround(mb_s);
}

DramSpec read_dram(JsonReader reader) {
    DramSpec spec;
    spec.type = reader.text("type");
    spec.bandwidth_mb_s = read_bandwidth_mb_s(reader);
    spec.latency_ns = small_integer(reader, "latency_ns", {0, 10000});
    const auto burst_bytes = reader.checked_integer("burst_bytes", {8, 4096});
    if (burst_bytes && (*burst_bytes & (*burst_bytes - 1)) != 0) {
        reader.problem("burst_bytes", std::to_string(*burst_bytes) + " is no power of two");
    }
    reader.refine("burst_bytes", R"({"enum": [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]})");
    spec.burst_bytes = static_cast<int>(burst_bytes.value_or(spec.burst_bytes));
    spec.ideal = reader.boolean_or("ideal", false);
    reader.reject_unknown_keys();
    return spec;
}

VectorUnitSpec read_vector_unit(JsonReader reader) {
    VectorUnitSpec spec;
    spec.lanes = small_integer(reader, "lanes", {1, 4096});
    spec.pipeline_cycles = small_integer(reader, "pipeline_cycles", {1, 64});
    reader.reject_unknown_keys();
    return spec;
}

std::string read_name(JsonReader& reader, const std::string& key) {
    std::string text = reader.text(key);
    if (text.empty() && reader.has(key) && reader.raw(key).is_string()) reader.problem(key, "must not be empty");
    reader.refine(key, R"({"minLength": 1})");
    return text;
}

/// What read_buffer says of banks, for the schema of the object that holds buffers and double_buffering.
constexpr const char* kEvenBanks = R"({"allOf": [{
    "if": {"properties": {"double_buffering": {"const": true}}, "required": ["double_buffering"]},
    "then": {"properties": {"weight_buffer": {"properties": {"banks": {"multipleOf": 2}}},
                            "activation_buffer": {"properties": {"banks": {"multipleOf": 2}}},
                            "accumulator_buffer": {"properties": {"banks": {"multipleOf": 2}}}}}}]})";

}  // namespace

ArchSpec read_arch_fields(JsonReader& reader) {
    ArchSpec spec;
    (void)reader.text_or("$schema", "");
    spec.name = read_name(reader, "name");
    spec.description = reader.text_or("description", "");
    spec.number_format = reader.choice("number_format", arch_names::number_formats);
    spec.technology = read_name(reader, "technology");
    spec.clock_mhz = small_integer(reader, "clock_mhz", {1, 5000});
    spec.precision = read_precision(reader.object("precision"), spec.number_format == NumberFormat::fp32);
    spec.array = read_array(reader.object("array"), spec.number_format);
    spec.double_buffering = reader.boolean("double_buffering");
    spec.weight_buffer = read_buffer(reader.object("weight_buffer"), spec.double_buffering);
    spec.activation_buffer = read_buffer(reader.object("activation_buffer"), spec.double_buffering);
    spec.accumulator_buffer = read_buffer(reader.object("accumulator_buffer"), spec.double_buffering);
    reader.refine("", kEvenBanks);
    spec.clock_gate_stalls = reader.boolean("clock_gate_stalls");
    spec.vector_unit = read_vector_unit(reader.object("vector_unit"));
    spec.dram = read_dram(reader.object("dram"));
    reader.reject_unknown_keys();
    return spec;
}

ArchSpec parse_arch(const nlohmann::json& json, const std::string& file) {
    JsonReader reader(json, file);
    ArchSpec spec = read_arch_fields(reader);
    reader.finish();
    return spec;
}

ArchSpec read_arch(const std::filesystem::path& path) {
    return parse_arch(read_json_file(path), path.string());
}

}  // namespace npusim
