#include "npusim/arch/arch_spec.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "arch_names.h"
#include "npusim/base/error.h"
#include "npusim/base/integer_math.h"
#include "npusim/models/quantization/precision_json.h"

namespace npusim {
namespace {

using nlohmann::json;

/// A whole number as an integer, so that files show "64" and not "64.0".
json number(std::int64_t numerator, std::int64_t denominator) {
    if (numerator % denominator == 0) return numerator / denominator;
    return static_cast<double>(numerator) / static_cast<double>(denominator);
}

json buffer_json(const BufferSpec& spec) {
    return {{"kib", number(spec.bytes, 1024)},
            {"banks", spec.banks},
            {"width_bits", spec.width_bits},
            {"ports", spec.ports}};
}

json array_json(const ArraySpec& spec) {
    json array{{"rows", spec.rows},
               {"columns", spec.columns},
               {"dataflow", name_of(spec.dataflow)},
               {"pe",
                {{"kind", name_of(spec.pe.kind)},
                 {"lanes", spec.pe.lanes},
                 {"zero_gating", spec.pe.zero_gating},
                 {"weight_bits", spec.pe.weight_bits},
                 {"activation_bits", spec.pe.activation_bits}}},
               {"accumulator_bits", spec.accumulator_bits},
               {"overlap_weight_load", spec.overlap_weight_load}};
    if (spec.auto_dataflow) {
        array["dataflow"] = arch_names::automatic;
        array["auto_goal"] = name_of(*spec.auto_dataflow);
    }
    for (const auto& [layer, dataflow] : spec.layer_dataflows) array["layer_dataflows"][layer] = name_of(dataflow);
    return array;
}

json dram_json(const DramSpec& spec) {
    json dram{{"type", spec.type},
              {"bandwidth_gb_s", number(spec.bandwidth_mb_s, 1000)},
              {"latency_ns", spec.latency_ns},
              {"burst_bytes", spec.burst_bytes},
              {"ideal", spec.ideal},
              {"channels", spec.channels},
              {"interleave_bytes", spec.interleave_bytes}};
    if (spec.timing) {
        dram["timing"] = {{"banks", spec.timing->banks},
                          {"row_bytes", spec.timing->row_bytes},
                          {"row_miss_ns", spec.timing->row_miss_ns},
                          {"turnaround_ns", spec.timing->turnaround_ns},
                          {"refresh_interval_ns", spec.timing->refresh_interval_ns},
                          {"refresh_ns", spec.timing->refresh_ns}};
    }
    return dram;
}

/// The buffer with elements of `bits` instead of `old_bits`, as many as before.
BufferSpec with_element_bits(BufferSpec spec, int bits, int old_bits) {
    constexpr std::int64_t narrowest_port_bits = 8;
    const std::int64_t elements = spec.bytes * 8 / old_bits;
    spec.bytes = ceil_div<std::int64_t>(elements * bits, 8);
    const auto width_bits = ceil_div<std::int64_t>(std::int64_t{spec.width_bits} * bits, old_bits);
    spec.width_bits = static_cast<int>(std::max(width_bits, narrowest_port_bits));
    return spec;
}

/// The name without the " at N bits" that at_uniform_bits gave it before.
std::string base_name(const std::string& name) {
    const auto at = name.rfind(" at ");
    return at != std::string::npos && name.ends_with(" bits") ? name.substr(0, at) : name;
}

bool adapts_to_bits(PeKind kind) {
    return kind == PeKind::composable || kind == PeKind::bit_serial;
}

std::vector<std::string> preset_names(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

std::string_view name_of(Dataflow dataflow) {
    return arch_names::name_in(arch_names::dataflows, dataflow);
}

std::string_view name_of(PeKind kind) {
    return arch_names::name_in(arch_names::pe_kinds, kind);
}

std::string_view name_of(NumberFormat format) {
    return arch_names::name_in(arch_names::number_formats, format);
}

std::string_view name_of(DataflowGoal goal) {
    return arch_names::name_in(arch_names::dataflow_goals, goal);
}

json to_json(const ArchSpec& spec) {
    json arch{
        {"name", spec.name},
        {"description", spec.description},
        {"number_format", name_of(spec.number_format)},
        {"technology", spec.technology},
        {"clock_mhz", spec.clock_mhz},
        {"precision", to_json(spec.precision)},
        {"array", array_json(spec.array)},
        {"weight_buffer", buffer_json(spec.weight_buffer)},
        {"activation_buffer", buffer_json(spec.activation_buffer)},
        {"accumulator_buffer", buffer_json(spec.accumulator_buffer)},
        {"double_buffering", spec.double_buffering},
        {"prefetch_depth", spec.prefetch_depth},
        {"keep_on_chip", {{"weights", spec.keep_on_chip.weights}, {"activations", spec.keep_on_chip.activations}}},
        {"clock_gate_stalls", spec.clock_gate_stalls},
        {"vector_unit", {{"lanes", spec.vector_unit.lanes}, {"pipeline_cycles", spec.vector_unit.pipeline_cycles}}},
        {"dram", dram_json(spec.dram)}};
    arch["activation_buffer"]["arbitrated"] = spec.activation_buffer.arbitrated;
    if (spec.voltage_v > 0) arch["voltage_v"] = spec.voltage_v;
    return arch;
}

std::filesystem::path find_arch(const std::string& name, const std::filesystem::path& preset_folder) {
    for (const auto& candidate :
         {std::filesystem::path(name), preset_folder / name, preset_folder / (name + ".json")}) {
        std::error_code error;
        if (std::filesystem::is_regular_file(candidate, error)) return candidate;
    }
    const std::vector<std::string> presets = preset_names(preset_folder);
    const std::vector<std::string> nearest = nearest_names(std::filesystem::path(name).stem().string(), presets, 1);
    throw InputError(name, "",
                     "no such architecture file, nor a preset of " + preset_folder.string() + " (" +
                         (presets.empty() ? "which holds none" : join(presets)) + ")" +
                         (nearest.empty() ? "" : "; did you mean \"" + nearest.front() + "\"?"));
}

std::filesystem::path technology_path(const ArchSpec& spec, const std::filesystem::path& arch_file) {
    return (arch_file.parent_path() / spec.technology).lexically_normal();
}

ArchSpec at_uniform_bits(const ArchSpec& spec, int bits) {
    constexpr int accumulator_guard_bits = 15;
    ArchSpec scaled = spec;
    scaled.name = base_name(spec.name) + " at " + std::to_string(bits) + " bits";
    if ((bits < 1 || bits > 8) && bits != 16) {
        throw InputError(spec.name, "", std::to_string(bits) + " bits are not allowed, allowed are 1..8, 16");
    }
    scaled.number_format = NumberFormat::integer;
    scaled.precision.weight_bits = scaled.precision.activation_bits = scaled.precision.first_last_bits = bits;
    scaled.precision.input_bits = scaled.precision.residual_bits = bits;
    scaled.precision.layers.clear();
    if (adapts_to_bits(spec.array.pe.kind)) {
        scaled.description = base_name(spec.name) + " with every operand at " + std::to_string(bits) + " bits";
        return parse_arch(to_json(scaled), scaled.name);
    }
    ArraySpec& array = scaled.array;
    array.pe.weight_bits = array.pe.activation_bits = bits;
    array.accumulator_bits = 2 * bits + accumulator_guard_bits;
    scaled.weight_buffer = with_element_bits(spec.weight_buffer, bits, spec.array.pe.weight_bits);
    scaled.activation_buffer = with_element_bits(spec.activation_buffer, bits, spec.array.pe.activation_bits);
    scaled.accumulator_buffer =
        with_element_bits(spec.accumulator_buffer, array.accumulator_bits, spec.array.accumulator_bits);
    scaled.description = base_name(spec.name) + " with every operand at " + std::to_string(bits) +
                         " bits, as many SRAM elements as before and accumulators of " +
                         std::to_string(array.accumulator_bits) + " bits";
    // Scaling can leave the allowed ranges (a port of more than 65536 bits), and a spec is valid by construction.
    return parse_arch(to_json(scaled), scaled.name);
}

}  // namespace npusim
