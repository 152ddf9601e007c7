#include "vector_unit.h"

namespace npusim::sim {

VectorUnit::VectorUnit(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens,
                       Scratchpad& weights, Scratchpad& activations, std::vector<AccumulatorSlot>& accumulators)
    : Unit(name, arch, tokens), weights_(weights), activations_(activations), accumulators_(accumulators) {}

void VectorUnit::execute(const Command& command) {
    const auto& work = std::get<VectorCommand>(command.work);
    const VectorTiming timing = time_vector(arch_, work.work);
    pass(timing.busy_cycles, timing.fill_drain_cycles, wait_behind_others(work, timing));
    Counters& counters = layer_->counters;
    counters.requantize_operations += timing.requantize_operations;
    counters.vector_alu_operations += timing.alu_operations;
    counters.accumulator_buffer.reads += timing.accumulator_reads;
    counters.activation_buffer.reads += timing.activation_reads;
    counters.activation_buffer.writes += timing.activation_writes;
    if (layer_->with_data()) compute(work);
}

std::uint64_t VectorUnit::wait_behind_others(const VectorCommand& work, const VectorTiming& timing) {
    PortCalendar* ports = activations_.ports();
    if (ports == nullptr) return 0;
    await_turn(Turn::vector_unit);
    const QuantizedNode& node = *layer_->node;
    const VectorAccesses accesses = activation_accesses(arch_, work.work);
    HalfAccesses halves{};
    const auto add = [&](TensorId tensor, std::uint64_t count, std::uint64_t address) {
        const HalfAccesses of = layer_->halves_of(*ports, tensor, count, address);
        for (std::size_t half = 0; half < halves.size(); ++half) halves[half] += of[half];
    };
    if (accesses.operand_reads > 0) add(node.input.tensor, accesses.operand_reads, work.operand_address);
    if (node.residual) add(node.residual->tensor, accesses.residual_reads, work.residual_address);
    for (std::size_t d = 0; d < node.destinations.size(); ++d) {
        add(node.destinations[d].tensor, accesses.writes[d], work.output_addresses[d]);
    }
    return ports->book(now_cycles(), now_cycles(), timing.busy_cycles, halves);
}

void VectorUnit::compute(const VectorCommand& work) {
    const QuantizedNode& node = *layer_->node;
    std::vector<std::int64_t> gathered;
    std::span<const std::int64_t> sums;
    std::span<const std::byte> constants;
    if (work.work.reads_accumulators) {
        const AccumulatorSlot& slot = accumulators_[static_cast<std::size_t>(work.accumulator_slot)];
        sums = slot.sums;
        constants = slot.constants;
    } else {
        const auto operand = operand_of(node.input.tensor, work.operand, work.operand_address);
        gathered = gather_operand(node, work, operand);
        sums = gathered;
        constants = weights_.bytes(work.parameter_address);
    }
    std::vector<std::int32_t> residual;
    if (node.residual) {
        residual = operand_of(node.residual->tensor, work.residual, work.residual_address);
    }
    for (std::size_t d = 0; d < node.destinations.size(); ++d) {
        const auto values = requantize_tile(*layer_->network, node, d, work.output, sums, residual, constants);
        const Region region = work.output.shifted(node.destinations[d].channel_begin);
        const TensorId tensor = node.destinations[d].tensor;
        if (const TensorLayout* resident = layer_->resident(tensor)) {
            write_region(*resident, region, values, activations_.bytes(0));
        } else {
            pack_region((*layer_->layouts)[tensor], region, values, activations_.bytes(work.output_addresses[d]));
        }
    }
}

std::vector<std::int32_t> VectorUnit::operand_of(TensorId tensor, const Region& region, std::uint64_t address) {
    if (const TensorLayout* resident = layer_->resident(tensor)) {
        return read_region(*resident, region, activations_.bytes(0));
    }
    return unpack_region((*layer_->layouts)[tensor], region, activations_.bytes(address));
}

}  // namespace npusim::sim
