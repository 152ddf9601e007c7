#include "npusim/arch/counters.h"

#include <numeric>

namespace npusim {

std::string_view name_of(IdleCause cause) {
    constexpr std::array<std::string_view, kIdleCauses> names{
        "weights", "activations", "accumulator", "array",         "buffer",
        "dram",    "vector_unit", "fill_drain",  "bank_conflict", "nothing"};
    return names[static_cast<std::size_t>(cause)];
}

std::uint64_t UnitCycles::total_cycles() const {
    return std::accumulate(idle_cycles.begin(), idle_cycles.end(), busy_cycles);
}

UnitCycles& UnitCycles::operator+=(const UnitCycles& other) {
    busy_cycles += other.busy_cycles;
    for (std::size_t cause = 0; cause < kIdleCauses; ++cause) idle_cycles[cause] += other.idle_cycles[cause];
    return *this;
}

BufferCounters& BufferCounters::operator+=(const BufferCounters& other) {
    reads += other.reads;
    writes += other.writes;
    return *this;
}

std::uint64_t DramCounters::read_bytes() const {
    return weight_read_bytes + parameter_read_bytes + input_read_bytes + residual_read_bytes;
}

std::uint64_t DramCounters::moved_bytes() const {
    return read_bytes() + output_write_bytes + burst_waste_bytes;
}

DramCounters& DramCounters::operator+=(const DramCounters& other) {
    weight_read_bytes += other.weight_read_bytes;
    parameter_read_bytes += other.parameter_read_bytes;
    input_read_bytes += other.input_read_bytes;
    residual_read_bytes += other.residual_read_bytes;
    output_write_bytes += other.output_write_bytes;
    burst_waste_bytes += other.burst_waste_bytes;
    row_hits += other.row_hits;
    row_misses += other.row_misses;
    turnarounds += other.turnarounds;
    refreshes += other.refreshes;
    return *this;
}

Counters& Counters::operator+=(const Counters& other) {
    total_cycles += other.total_cycles;
    macs += other.macs;
    pe_operations += other.pe_operations;
    for (const auto& [bits, operations] : other.pe_operations_by_bits) pe_operations_by_bits[bits] += operations;
    for (const auto& [bits, operations] : other.output_stationary_operations_by_bits) {
        output_stationary_operations_by_bits[bits] += operations;
    }
    pe_steps += other.pe_steps;
    pe_idle_in_fold_cycles += other.pe_idle_in_fold_cycles;
    pe_stalled_cycles += other.pe_stalled_cycles;
    pe_idle_in_fold_bit_cycles += other.pe_idle_in_fold_bit_cycles;
    pe_stalled_bit_cycles += other.pe_stalled_bit_cycles;
    pe_weight_loads += other.pe_weight_loads;
    pe_loaded_bits += other.pe_loaded_bits;
    output_stationary_loaded_bits += other.output_stationary_loaded_bits;
    folds += other.folds;
    requantize_operations += other.requantize_operations;
    vector_alu_operations += other.vector_alu_operations;
    accumulator_overflows += other.accumulator_overflows;
    zero_activation_macs += other.zero_activation_macs;
    load_dma += other.load_dma;
    array += other.array;
    vector_unit += other.vector_unit;
    store_dma += other.store_dma;
    weight_buffer += other.weight_buffer;
    activation_buffer += other.activation_buffer;
    accumulator_buffer += other.accumulator_buffer;
    dram += other.dram;
    return *this;
}

}  // namespace npusim
