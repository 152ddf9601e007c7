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
constexpr int floating_sum_bits = 32;

int small_integer(JsonReader& reader, const std::string& key, Range<std::int64_t> allowed) {
    return static_cast<int>(reader.integer(key, allowed));
}

/// What read_pe says of single fields for some kinds, for the schema.
constexpr const char* kPeRules = R"({"allOf": [
    {"if": {"properties": {"kind": {"enum": ["scalar", "composable"]}}},
     "then": {"properties": {"lanes": {"const": 1}}}},
    {"if": {"properties": {"kind": {"const": "composable"}}},
     "then": {"properties": {"weight_bits": {"enum": [4, 8]}, "activation_bits": {"enum": [4, 8]}}}}]})";

PeSpec read_pe(JsonReader reader, int format_bits) {
    const bool is_floating = format_bits != 0;
    constexpr int widest_composable_bits = 8;
    const NamedValues<PeKind> scalar_only{{std::string(name_of(PeKind::scalar)), PeKind::scalar}};
    PeSpec pe;
    pe.kind = reader.choice("kind", is_floating ? scalar_only : arch_names::pe_kinds);
    pe.lanes = static_cast<int>(reader.integer_or("lanes", {1, 64}, 1));
    pe.zero_gating = reader.boolean_or("zero_gating", false);
    pe.weight_bits = read_bits(reader, "weight_bits", format_bits);
    pe.activation_bits = read_bits(reader, "activation_bits", format_bits);
    const bool has_lanes = pe.kind == PeKind::dot || pe.kind == PeKind::bit_serial;
    if (!has_lanes && pe.lanes != 1) {
        reader.problem("lanes", "is " + std::to_string(pe.lanes) + ", but only dot and bit_serial PEs have lanes: 1");
    }
    const bool splits = (pe.weight_bits == 4 || pe.weight_bits == widest_composable_bits) &&
                        (pe.activation_bits == 4 || pe.activation_bits == widest_composable_bits);
    if (pe.kind == PeKind::composable && !is_floating && !splits) {
        reader.problem("kind", "a composable PE has weight_bits and activation_bits of 4 or 8");
    }
    reader.refine("", kPeRules);
    reader.reject_unknown_keys();
    return pe;
}

void read_dataflows(JsonReader& reader, ArraySpec& spec) {
    NamedValues<std::optional<Dataflow>> names;
    for (const auto& [name, dataflow] : arch_names::dataflows) names.emplace_back(name, dataflow);
    names.emplace_back(arch_names::automatic, std::nullopt);
    const std::optional<Dataflow> dataflow = reader.choice("dataflow", names);
    spec.dataflow = dataflow.value_or(spec.dataflow);
    const DataflowGoal goal = reader.choice_or("auto_goal", arch_names::dataflow_goals, DataflowGoal::fastest);
    if (!dataflow) spec.auto_dataflow = goal;
    if (dataflow && reader.has("auto_goal")) {
        reader.problem("auto_goal", R"(has no meaning unless dataflow is "auto")");
    }
    reader.refine("",
                  R"({"if": {"required": ["auto_goal"]}, "then": {"properties": {"dataflow": {"const": "auto"}}}})");
    std::optional<JsonReader> layers = reader.object_if_given("layer_dataflows");
    if (!layers) return;
    layers->refine("", R"({"additionalProperties":
        {"enum": ["weight_stationary", "output_stationary", "input_stationary"]}})");
    for (const std::string& layer : layers->keys()) {
        spec.layer_dataflows[layer] = layers->choice(layer, arch_names::dataflows);
    }
}

ArraySpec read_array(JsonReader reader, NumberFormat format) {
    ArraySpec spec;
    spec.rows = small_integer(reader, "rows", {1, 1024});
    spec.columns = small_integer(reader, "columns", {1, 1024});
    read_dataflows(reader, spec);
    const bool is_integer = format == NumberFormat::integer;
    spec.pe = read_pe(reader.object("pe"), floating_bits(format));
    spec.accumulator_bits = small_integer(
        reader, "accumulator_bits",
        is_integer ? Range<std::int64_t>{4, 47} : Range<std::int64_t>{floating_sum_bits, floating_sum_bits});
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

BufferSpec read_buffer(JsonReader reader, bool double_buffering, bool may_be_arbitrated = false) {
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
    BufferSpec spec;
    spec.ports = static_cast<int>(reader.integer_or("ports", {1, 2}, 1));
    if (may_be_arbitrated) spec.arbitrated = reader.boolean_or("arbitrated", false);
    reader.reject_unknown_keys();
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

/// Powers of two in [low, high]; the schema lists them.
int power_of_two(JsonReader& reader, const std::string& key, Range<std::int64_t> allowed,
                 std::optional<int> fallback = std::nullopt) {
    std::int64_t value = fallback ? reader.integer_or(key, allowed, *fallback)
                                  : reader.checked_integer(key, allowed).value_or(allowed.low);
    if ((value & (value - 1)) != 0) {
        reader.problem(key, std::to_string(value) + " is no power of two");
        value = allowed.low;
    }
    std::string powers;
    for (std::int64_t power = allowed.low; power <= allowed.high; power *= 2) {
        powers += (powers.empty() ? "" : ", ") + std::to_string(power);
    }
    reader.refine(key, R"({"enum": [)" + powers + "]}");
    return static_cast<int>(value);
}

DramTimingSpec read_dram_timing(JsonReader reader, int burst_bytes) {
    DramTimingSpec spec;
    spec.banks = power_of_two(reader, "banks", {1, 128});
    spec.row_bytes = power_of_two(reader, "row_bytes", {64, 65536});
    spec.row_miss_ns = small_integer(reader, "row_miss_ns", {0, 10000});
    spec.turnaround_ns = small_integer(reader, "turnaround_ns", {0, 10000});
    spec.refresh_interval_ns = small_integer(reader, "refresh_interval_ns", {0, 1000000});
    spec.refresh_ns = small_integer(reader, "refresh_ns", {0, 100000});
    if (spec.refresh_interval_ns > 0 && spec.refresh_ns + spec.row_miss_ns >= spec.refresh_interval_ns) {
        reader.problem("refresh_ns", std::to_string(spec.refresh_ns) + " ns, and " + std::to_string(spec.row_miss_ns) +
                                         " ns to open a row, leave no time between refreshes every " +
                                         std::to_string(spec.refresh_interval_ns) + " ns");
    }
    if (spec.row_bytes < burst_bytes) {
        reader.problem("row_bytes", "a row of " + std::to_string(spec.row_bytes) +
                                        " bytes is shorter than a burst of " + std::to_string(burst_bytes));
    }
    reader.reject_unknown_keys();
    return spec;
}

DramSpec read_dram(JsonReader reader) {
    DramSpec spec;
    spec.type = reader.text("type");
    spec.bandwidth_mb_s = read_bandwidth_mb_s(reader);
    spec.latency_ns = small_integer(reader, "latency_ns", {0, 10000});
    spec.burst_bytes = power_of_two(reader, "burst_bytes", {8, 4096});
    spec.ideal = reader.boolean_or("ideal", false);
    spec.channels = power_of_two(reader, "channels", {1, 64}, 1);
    spec.interleave_bytes = power_of_two(reader, "interleave_bytes", {8, 65536}, std::max(256, spec.burst_bytes));
    if (spec.interleave_bytes < spec.burst_bytes) {
        reader.problem("interleave_bytes", std::to_string(spec.interleave_bytes) + " is less than a burst of " +
                                               std::to_string(spec.burst_bytes));
    }
    if (auto timing = reader.object_if_given("timing")) {
        spec.timing = read_dram_timing(std::move(*timing), spec.burst_bytes);
    }
    reader.reject_unknown_keys();
    return spec;
}

KeepOnChipSpec read_keep_on_chip(JsonReader& reader) {
    KeepOnChipSpec spec;
    std::optional<JsonReader> kept = reader.object_if_given("keep_on_chip");
    if (!kept) return spec;
    spec.weights = kept->boolean_or("weights", false);
    spec.activations = kept->boolean_or("activations", false);
    kept->reject_unknown_keys();
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
    reader.know("voltage_v", R"({"type": "number", "minimum": 0.3, "maximum": 3.3})");
    if (reader.has("voltage_v")) spec.voltage_v = reader.number("voltage_v", {0.3, 3.3});
    spec.precision = read_precision(reader.object("precision"), floating_bits(spec.number_format));
    spec.array = read_array(reader.object("array"), spec.number_format);
    spec.double_buffering = reader.boolean("double_buffering");
    spec.prefetch_depth = static_cast<int>(reader.integer_or("prefetch_depth", {1, 8}, 1));
    spec.keep_on_chip = read_keep_on_chip(reader);
    spec.weight_buffer = read_buffer(reader.object("weight_buffer"), spec.double_buffering);
    spec.activation_buffer = read_buffer(reader.object("activation_buffer"), spec.double_buffering, true);
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
