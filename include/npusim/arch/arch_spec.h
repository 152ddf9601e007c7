// What a chip is: plain values, read from JSON by a strict reader, valid by construction.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "npusim/models/quantization/precision.h"

namespace npusim {

enum class NumberFormat {
    integer,
    fp32,  ///< the baseline: 32-bit floating point, simulated for timing and energy only
};
enum class PeKind { scalar };
enum class Dataflow { weight_stationary, output_stationary, input_stationary };
[[nodiscard]] std::string_view name_of(Dataflow dataflow);  ///< as in JSON

struct PeSpec {
    PeKind kind = PeKind::scalar;
    /// Width of the multiplier's operands. A wider layer runs in ⌈w/weight_bits⌉·⌈a/activation_bits⌉ passes.
    int weight_bits = 8;
    int activation_bits = 8;
    friend bool operator==(const PeSpec&, const PeSpec&) = default;
};

struct ArraySpec {
    int rows = 16;
    int columns = 16;
    Dataflow dataflow = Dataflow::weight_stationary;
    PeSpec pe;
    /// Width of partial sums in the PEs and in the accumulator buffer; wraps in two's complement.
    int accumulator_bits = 31;
    /// The next fold's staying operand moves in (through shadow registers) while the present fold streams; where sums
    /// stay, finished ones move out while the next fold streams.
    bool overlap_weight_load = true;
    friend bool operator==(const ArraySpec&, const ArraySpec&) = default;
};

/// A buffer of single-port SRAM banks. With double buffering, half of the banks serve each side.
struct BufferSpec {
    std::int64_t bytes = 0;  ///< in JSON: "kib", which may have a fraction
    int banks = 2;
    int width_bits = 64;  ///< of one bank's port
    friend bool operator==(const BufferSpec&, const BufferSpec&) = default;
};

struct VectorUnitSpec {
    int lanes = 16;
    int pipeline_cycles = 4;
    friend bool operator==(const VectorUnitSpec&, const VectorUnitSpec&) = default;
};

struct DramSpec {
    std::string type = "LPDDR4";         ///< a key of the technology's dram table
    std::int64_t bandwidth_mb_s = 6400;  ///< 10^6 bytes a second; in JSON "bandwidth_gb_s"
    int latency_ns = 100;
    int burst_bytes = 32;  ///< transfers are whole aligned bursts
    /// Transfers take no time (bytes are still counted): unlimited bandwidth, for study.
    bool ideal = false;
    friend bool operator==(const DramSpec&, const DramSpec&) = default;
};

struct ArchSpec {
    std::string name;
    std::string description;
    NumberFormat number_format = NumberFormat::integer;
    std::string technology;  ///< path of the technology table, relative to the architecture's file
    int clock_mhz = 500;
    PrecisionSpec precision;
    ArraySpec array;
    BufferSpec weight_buffer;
    BufferSpec activation_buffer;
    BufferSpec accumulator_buffer;
    bool double_buffering = true;
    /// PEs are not clocked while the array waits. Inside a fold all PEs are clocked, used or not.
    bool clock_gate_stalls = true;
    VectorUnitSpec vector_unit;
    DramSpec dram;
    friend bool operator==(const ArchSpec&, const ArchSpec&) = default;
};

/// Reads an architecture from JSON. Throws InputError with every problem at once.
[[nodiscard]] ArchSpec parse_arch(const nlohmann::json& json, const std::string& file);
[[nodiscard]] ArchSpec read_arch(const std::filesystem::path& path);
/// All fields, resolved; parse_arch(to_json(spec)) gives spec again.
[[nodiscard]] nlohmann::json to_json(const ArchSpec& spec);

/// JSON Schema of what parse_arch takes, but for rules between fields.
[[nodiscard]] nlohmann::json arch_schema();

/// Finds `name` as it is, or as a preset ("int4_array.json" or "int4_array") in `preset_folder`. Throws InputError
/// that lists the presets when there is neither.
[[nodiscard]] std::filesystem::path find_arch(const std::string& name, const std::filesystem::path& preset_folder);

/// Where the technology table of a chip lies that was read from `arch_file`.
[[nodiscard]] std::filesystem::path technology_path(const ArchSpec& spec, const std::filesystem::path& arch_file);

/// The same chip at another uniform precision: rows, columns, clock, DRAM bandwidth and SRAM elements stay; operand
/// widths, port widths and buffer bytes follow; every layer, first and last too, the input and the residuals have
/// `bits`; the accumulator has 2·bits + 15 (holds K = 25,088, the largest of the seven networks). Ports keep whole bits
/// and at least 8; buffers keep whole bytes. `bits` is 1–8 or 16; the fp32 baseline becomes an integer chip.
[[nodiscard]] ArchSpec at_uniform_bits(const ArchSpec& spec, int bits);

}  // namespace npusim
