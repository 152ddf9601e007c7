#include "vector_unit.h"

namespace npusim::sim {

VectorUnit::VectorUnit(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens,
                       Scratchpad& activations, VectorData data)
    : Unit(name, arch, tokens), activations_(activations), data_(data) {}

void VectorUnit::execute(const Command& command) {
    const auto& work = std::get<VectorCommand>(command.work);
    const VectorTiming timing = time_vector(arch_, work.work);
    pass(timing.busy_cycles, timing.fill_drain_cycles, wait_behind_others(work, timing));
    count_vector(timing, layer_->counters);
    if (layer_->with_data()) data_.compute(*layer_, work);
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

}  // namespace npusim::sim
