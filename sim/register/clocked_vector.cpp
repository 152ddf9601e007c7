#include "clocked_vector.h"

namespace npusim::sim {

void ClockedVector::begin_command(const Command& command) {
    const auto& work = std::get<VectorCommand>(command.work);
    walk_.emplace(arch_, work.work);
    if (!meets_others()) return;
    VectorWalk ahead = *walk_;
    while (ahead.enters()) ahead.cycle();
    ask_ports(ahead.timing().busy_cycles, accesses_of(work, ahead.accesses()));
}

HalfAccesses ClockedVector::accesses_of(const VectorCommand& work, const VectorAccesses& accesses) const {
    const QuantizedNode& node = *layer_->node;
    std::vector<HalfAccesses> parts{accesses_to(node.input.tensor, accesses.operand_reads, work.operand_address)};
    if (work.work.has_residual) {
        parts.push_back(accesses_to(node.residual->tensor, accesses.residual_reads, work.residual_address));
    }
    for (std::size_t d = 0; d < accesses.writes.size(); ++d) {
        parts.push_back(accesses_to(node.destinations[d].tensor, accesses.writes[d], work.output_addresses[d]));
    }
    HalfAccesses sum{};
    for (const HalfAccesses& part : parts) {
        sum[0] += part[0];
        sum[1] += part[1];
    }
    return sum;
}

ClockedWorker::Spent ClockedVector::end_command(const Command& command) {
    const VectorTiming& timing = walk_->timing();
    count_vector(timing, layer_->counters);
    if (layer_->with_data()) data_.compute(*layer_, std::get<VectorCommand>(command.work));
    return {timing.busy_cycles, timing.fill_drain_cycles, 0};
}

}  // namespace npusim::sim
