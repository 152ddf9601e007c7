// What a chip is: plain values, read from JSON by a strict reader, valid by construction.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "npusim/models/quantization/precision.h"

namespace npusim {

enum class NumberFormat {
    integer,
    fp32,  ///< the baseline: 32-bit floating point, simulated for timing and energy only
    fp16,  ///< IEEE half precision with fp32 sums, likewise
    bf16,  ///< the upper half of an fp32 with fp32 sums, likewise
};
/// Of one operand; 0 for integers, whose width is the PE's.
[[nodiscard]] constexpr int floating_bits(NumberFormat format) {
    if (format == NumberFormat::integer) return 0;
    return format == NumberFormat::fp32 ? 32 : 16;
}
[[nodiscard]] std::string_view name_of(NumberFormat format);  ///< as in JSON
enum class PeKind {
    scalar,      ///< one multiplier, one accumulator
    dot,         ///< `lanes` multipliers into one accumulator
    composable,  ///< one multiplier that splits into up to 16 narrower products (BitFusion)
    bit_serial,  ///< `lanes` products whose activations enter bit by bit (Stripes)
};
[[nodiscard]] std::string_view name_of(PeKind kind);  ///< as in JSON
enum class Dataflow { weight_stationary, output_stationary, input_stationary };
[[nodiscard]] std::string_view name_of(Dataflow dataflow);  ///< as in JSON
/// What "dataflow": "auto" looks for in each layer.
enum class DataflowGoal {
    fastest,  ///< fewest cycles
    frugal,   ///< least energy
};
[[nodiscard]] std::string_view name_of(DataflowGoal goal);  ///< as in JSON

struct PeSpec {
    PeKind kind = PeKind::scalar;
    /// Products summed into one accumulator in one step (dot, bit_serial).
    int lanes = 1;
    /// The multiplier's operands are held where the activation is zero.
    bool zero_gating = false;
    /// Width of the multiplier's operands. A wider layer runs in ⌈w/weight_bits⌉·⌈a/activation_bits⌉ passes.
    int weight_bits = 8;
    int activation_bits = 8;
    friend bool operator==(const PeSpec&, const PeSpec&) = default;
};

struct ArraySpec {
    int rows = 16;
    int columns = 16;
    /// Of layers that `layer_dataflows` does not name; without meaning where `auto_dataflow` is set.
    Dataflow dataflow = Dataflow::weight_stationary;
    /// Set by "dataflow": "auto"; each layer not in `layer_dataflows` then takes its own.
    std::optional<DataflowGoal> auto_dataflow;
    std::map<std::string, Dataflow> layer_dataflows;
    PeSpec pe;
    /// Width of partial sums in the PEs and in the accumulator buffer; wraps in two's complement.
    int accumulator_bits = 31;
    /// The next fold's staying operand moves in (through shadow registers) while the present fold streams; where sums
    /// stay, finished ones move out while the next fold streams.
    bool overlap_weight_load = true;
    friend bool operator==(const ArraySpec&, const ArraySpec&) = default;
};

/// A buffer of SRAM banks. With double buffering, half of the banks serve each side.
struct BufferSpec {
    std::int64_t bytes = 0;  ///< in JSON: "kib", which may have a fraction
    int banks = 2;
    int width_bits = 64;  ///< of one bank's port
    int ports = 1;        ///< of a bank: 2 serve both sides in one cycle
    /// Units that meet in a half of it wait for one another; the activation buffer only, where they do meet.
    bool arbitrated = false;
    friend bool operator==(const BufferSpec&, const BufferSpec&) = default;
};

struct VectorUnitSpec {
    int lanes = 16;
    int pipeline_cycles = 4;
    friend bool operator==(const VectorUnitSpec&, const VectorUnitSpec&) = default;
};

/// What a DRAM device does beyond moving bursts. A layer begins with all rows closed and at refresh phase zero.
struct DramTimingSpec {
    int banks = 8;                   ///< of a channel
    int row_bytes = 2048;            ///< of a bank; a power of two
    int row_miss_ns = 36;            ///< to close a row and open another: tRP + tRCD
    int turnaround_ns = 8;           ///< of a channel's bus between reads and writes
    int refresh_interval_ns = 3900;  ///< tREFI; 0: no refresh
    int refresh_ns = 180;            ///< tRFC: all banks of a channel wait, and rows are closed
    friend bool operator==(const DramTimingSpec&, const DramTimingSpec&) = default;
};

struct DramSpec {
    std::string type = "LPDDR4";         ///< a key of the technology's dram table
    std::int64_t bandwidth_mb_s = 6400;  ///< 10^6 bytes a second; in JSON "bandwidth_gb_s"
    int latency_ns = 100;
    int burst_bytes = 32;  ///< transfers are whole aligned bursts
    /// Transfers take no time (bytes are still counted): unlimited bandwidth, for study.
    bool ideal = false;
    int channels = 1;            ///< they share the bandwidth equally
    int interleave_bytes = 256;  ///< consecutive bytes on one channel; a power of two, at least a burst
    /// Rows, turnaround and refresh; nothing: bandwidth and latency alone.
    std::optional<DramTimingSpec> timing;
    friend bool operator==(const DramSpec&, const DramSpec&) = default;
};

/// What stays on chip where it fits.
struct KeepOnChipSpec {
    bool weights = false;      ///< from one image to the next
    bool activations = false;  ///< from the layer that makes them to those that read them
    friend bool operator==(const KeepOnChipSpec&, const KeepOnChipSpec&) = default;
};

struct ArchSpec {
    std::string name;
    std::string description;
    NumberFormat number_format = NumberFormat::integer;
    std::string technology;  ///< path of the technology table, relative to the architecture's file
    int clock_mhz = 500;
    double voltage_v = 0;  ///< 0: the technology's nominal one
    PrecisionSpec precision;
    ArraySpec array;
    BufferSpec weight_buffer;
    BufferSpec activation_buffer;
    BufferSpec accumulator_buffer;
    bool double_buffering = true;
    int prefetch_depth = 1;  ///< tiles loaded ahead of the one in use, with double buffering
    KeepOnChipSpec keep_on_chip;
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
/// and at least 8; buffers keep whole bytes. `bits` is 1–8 or 16; a floating-point baseline becomes an integer chip.
/// Where PEs adapt to what they are fed (composable, bit_serial) the chip stays as it is, accumulators and buffers too,
/// and only its operands change: one chip for all precisions is their point.
[[nodiscard]] ArchSpec at_uniform_bits(const ArchSpec& spec, int bits);

}  // namespace npusim
