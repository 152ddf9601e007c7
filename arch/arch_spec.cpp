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
    return {{"kib", number(spec.bytes, 1024)}, {"banks", spec.banks}, {"width_bits", spec.width_bits}};
}

json array_json(const ArraySpec& spec) {
    return {{"rows", spec.rows},
            {"columns", spec.columns},
            {"dataflow", name_of(spec.dataflow)},
            {"pe",
             {{"kind", arch_names::name_in(arch_names::pe_kinds, spec.pe.kind)},
              {"weight_bits", spec.pe.weight_bits},
              {"activation_bits", spec.pe.activation_bits}}},
            {"accumulator_bits", spec.accumulator_bits},
            {"overlap_weight_load", spec.overlap_weight_load}};
}

json dram_json(const DramSpec& spec) {
    return {{"type", spec.type},
            {"bandwidth_gb_s", number(spec.bandwidth_mb_s, 1000)},
            {"latency_ns", spec.latency_ns},
            {"burst_bytes", spec.burst_bytes},
            {"ideal", spec.ideal}};
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

json to_json(const ArchSpec& spec) {
    return {{"name", spec.name},
            {"description", spec.description},
            {"number_format", arch_names::name_in(arch_names::number_formats, spec.number_format)},
            {"technology", spec.technology},
            {"clock_mhz", spec.clock_mhz},
            {"precision", to_json(spec.precision)},
            {"array", array_json(spec.array)},
            {"weight_buffer", buffer_json(spec.weight_buffer)},
            {"activation_buffer", buffer_json(spec.activation_buffer)},
            {"accumulator_buffer", buffer_json(spec.accumulator_buffer)},
            {"double_buffering", spec.double_buffering},
            {"clock_gate_stalls", spec.clock_gate_stalls},
            {"vector_unit", {{"lanes", spec.vector_unit.lanes}, {"pipeline_cycles", spec.vector_unit.pipeline_cycles}}},
            {"dram", dram_json(spec.dram)}};
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
