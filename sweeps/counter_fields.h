// The fields of counters by name: one table for every way of writing and reading them.
#pragma once

#include <utility>

#include "npusim/arch/counters.h"

namespace npusim::counter_fields {

template <typename Object, typename Member>
using Field = std::pair<const char*, Member Object::*>;

inline constexpr Field<Counters, std::uint64_t> number_fields[] = {
    {"total_cycles", &Counters::total_cycles},
    {"macs", &Counters::macs},
    {"pe_operations", &Counters::pe_operations},
    {"pe_steps", &Counters::pe_steps},
    {"pe_idle_in_fold_cycles", &Counters::pe_idle_in_fold_cycles},
    {"pe_stalled_cycles", &Counters::pe_stalled_cycles},
    {"pe_idle_in_fold_bit_cycles", &Counters::pe_idle_in_fold_bit_cycles},
    {"pe_stalled_bit_cycles", &Counters::pe_stalled_bit_cycles},
    {"pe_weight_loads", &Counters::pe_weight_loads},
    {"pe_loaded_bits", &Counters::pe_loaded_bits},
    {"output_stationary_loaded_bits", &Counters::output_stationary_loaded_bits},
    {"folds", &Counters::folds},
    {"requantize_operations", &Counters::requantize_operations},
    {"vector_alu_operations", &Counters::vector_alu_operations},
    {"accumulator_overflows", &Counters::accumulator_overflows},
    {"zero_activation_macs", &Counters::zero_activation_macs},
};

inline constexpr Field<Counters, UnitCycles> unit_fields[] = {
    {"load_dma", &Counters::load_dma},
    {"array", &Counters::array},
    {"vector_unit", &Counters::vector_unit},
    {"store_dma", &Counters::store_dma},
};

inline constexpr Field<Counters, BufferCounters> buffer_fields[] = {
    {"weight_buffer", &Counters::weight_buffer},
    {"activation_buffer", &Counters::activation_buffer},
    {"accumulator_buffer", &Counters::accumulator_buffer},
};

inline constexpr Field<DramCounters, std::uint64_t> dram_fields[] = {
    {"weight_read_bytes", &DramCounters::weight_read_bytes},
    {"parameter_read_bytes", &DramCounters::parameter_read_bytes},
    {"input_read_bytes", &DramCounters::input_read_bytes},
    {"residual_read_bytes", &DramCounters::residual_read_bytes},
    {"output_write_bytes", &DramCounters::output_write_bytes},
    {"burst_waste_bytes", &DramCounters::burst_waste_bytes},
    {"row_hits", &DramCounters::row_hits},
    {"row_misses", &DramCounters::row_misses},
    {"turnarounds", &DramCounters::turnarounds},
    {"refreshes", &DramCounters::refreshes},
};

}  // namespace npusim::counter_fields
