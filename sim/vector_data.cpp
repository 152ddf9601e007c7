#include "vector_data.h"

namespace npusim::sim {

void count_vector(const VectorTiming& timing, Counters& counters) {
    counters.requantize_operations += timing.requantize_operations;
    counters.vector_alu_operations += timing.alu_operations;
    counters.accumulator_buffer.reads += timing.accumulator_reads;
    counters.activation_buffer.reads += timing.activation_reads;
    counters.activation_buffer.writes += timing.activation_writes;
}

void VectorData::compute(const CurrentLayer& layer, const VectorCommand& work) const {
    const QuantizedNode& node = *layer.node;
    std::vector<std::int64_t> gathered;
    std::span<const std::int64_t> sums;
    std::span<const std::byte> constants;
    if (work.work.reads_accumulators) {
        const AccumulatorSlot& slot = accumulators[static_cast<std::size_t>(work.accumulator_slot)];
        sums = slot.sums;
        constants = slot.constants;
    } else {
        const auto operand = operand_of(layer, node.input.tensor, work.operand, work.operand_address);
        gathered = gather_operand(node, work, operand);
        sums = gathered;
        constants = weights.bytes(work.parameter_address);
    }
    std::vector<std::int32_t> residual;
    if (node.residual) {
        residual = operand_of(layer, node.residual->tensor, work.residual, work.residual_address);
    }
    for (std::size_t d = 0; d < node.destinations.size(); ++d) {
        const auto values = requantize_tile(*layer.network, node, d, work.output, sums, residual, constants);
        const Region region = work.output.shifted(node.destinations[d].channel_begin);
        const TensorId tensor = node.destinations[d].tensor;
        if (const TensorLayout* resident = layer.resident(tensor)) {
            write_region(*resident, region, values, activations.bytes(0));
        } else {
            pack_region((*layer.layouts)[tensor], region, values, activations.bytes(work.output_addresses[d]));
        }
    }
}

std::vector<std::int32_t> VectorData::operand_of(const CurrentLayer& layer, TensorId tensor, const Region& region,
                                                 std::uint64_t address) const {
    if (const TensorLayout* resident = layer.resident(tensor)) {
        return read_region(*resident, region, activations.bytes(0));
    }
    return unpack_region((*layer.layouts)[tensor], region, activations.bytes(address));
}

}  // namespace npusim::sim
