// What the machine counts while it runs: the only thing that energy is priced from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

namespace npusim {

/// Why a unit did nothing useful in a cycle. Every idle cycle has exactly one cause.
enum class IdleCause {
    weights,        ///< waits for weights to arrive
    activations,    ///< waits for input or residual activations to arrive
    accumulator,    ///< waits for a free accumulator bank
    array,          ///< the vector unit waits for finished accumulators
    buffer,         ///< waits for room in an SRAM buffer
    dram,           ///< waits for DRAM to answer
    vector_unit,    ///< the store queue waits for finished outputs
    fill_drain,     ///< weights load into the PEs, or the pipeline fills or drains
    bank_conflict,  ///< an SRAM cannot deliver at full rate
    nothing,        ///< no command left in this layer
};
constexpr std::size_t kIdleCauses = 10;
[[nodiscard]] std::string_view name_of(IdleCause cause);

/// busy + Σ idle = the layer's total cycles, for each unit.
struct UnitCycles {
    std::uint64_t busy_cycles = 0;
    std::array<std::uint64_t, kIdleCauses> idle_cycles{};
    [[nodiscard]] std::uint64_t idle(IdleCause cause) const { return idle_cycles[static_cast<std::size_t>(cause)]; }
    [[nodiscard]] std::uint64_t total_cycles() const;
    UnitCycles& operator+=(const UnitCycles& other);
    friend bool operator==(const UnitCycles&, const UnitCycles&) = default;
};

/// Accesses of one SRAM buffer; an access moves one port width.
struct BufferCounters {
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;
    BufferCounters& operator+=(const BufferCounters& other);
    friend bool operator==(const BufferCounters&, const BufferCounters&) = default;
};

struct DramCounters {
    std::uint64_t weight_read_bytes = 0;
    std::uint64_t parameter_read_bytes = 0;  ///< multipliers, shifts, biases
    std::uint64_t input_read_bytes = 0;
    std::uint64_t residual_read_bytes = 0;
    std::uint64_t output_write_bytes = 0;
    /// What whole bursts moved beyond the bytes above.
    std::uint64_t burst_waste_bytes = 0;
    /// Of bursts, where the chip models rows; a first access to a closed row is a miss.
    std::uint64_t row_hits = 0;
    std::uint64_t row_misses = 0;
    std::uint64_t turnarounds = 0;  ///< changes between reads and writes of a channel
    std::uint64_t refreshes = 0;    ///< of a channel, that held accesses up
    [[nodiscard]] std::uint64_t read_bytes() const;
    [[nodiscard]] std::uint64_t moved_bytes() const;  ///< all, waste included: what energy is charged for
    DramCounters& operator+=(const DramCounters& other);
    friend bool operator==(const DramCounters&, const DramCounters&) = default;
};

/// One layer, or a sum of layers.
struct Counters {
    std::uint64_t total_cycles = 0;
    std::uint64_t macs = 0;           ///< of the graph
    std::uint64_t pe_operations = 0;  ///< macs × slice passes
    /// The same by the bits (weight, activation) of the slices that were multiplied.
    std::map<std::pair<int, int>, std::uint64_t> pe_operations_by_bits;
    /// Of these, those of layers whose sums stay in the PEs: their prices differ.
    std::map<std::pair<int, int>, std::uint64_t> output_stationary_operations_by_bits;
    std::uint64_t pe_steps = 0;  ///< PE·cycles in which a PE did at least one product: a sum was updated
    /// PE·cycles clocked without a useful operation, inside folds; and while the array waits.
    std::uint64_t pe_idle_in_fold_cycles = 0;
    std::uint64_t pe_stalled_cycles = 0;
    /// The same times the bits of the registers that the layer's dataflow clocks in a PE.
    std::uint64_t pe_idle_in_fold_bit_cycles = 0;
    std::uint64_t pe_stalled_bit_cycles = 0;
    std::uint64_t pe_weight_loads = 0;  ///< operands written into PEs: what stays, or weights where sums stay
    std::uint64_t pe_loaded_bits = 0;   ///< the same times the bits of the register
    std::uint64_t output_stationary_loaded_bits = 0;  ///< of these, those of layers whose sums stay
    std::uint64_t folds = 0;
    std::uint64_t requantize_operations = 0;
    std::uint64_t vector_alu_operations = 0;  ///< compares, adds of pooling, residual adds
    std::uint64_t accumulator_overflows = 0;  ///< sums that wrapped (with data only)
    std::uint64_t zero_activation_macs = 0;   ///< MACs whose activation is zero (with data only)
    UnitCycles load_dma;
    UnitCycles array;
    UnitCycles vector_unit;
    UnitCycles store_dma;
    BufferCounters weight_buffer;
    BufferCounters activation_buffer;
    BufferCounters accumulator_buffer;
    DramCounters dram;
    Counters& operator+=(const Counters& other);
    friend bool operator==(const Counters&, const Counters&) = default;
};

}  // namespace npusim
