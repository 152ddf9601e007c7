#include "array_data.h"

#include <algorithm>

#include "npusim/workloads/lowering/pe_kind.h"

namespace npusim::sim {
namespace {

bool waits_for(const Command& command, Token token) {
    return std::find(command.waits.begin(), command.waits.end(), token) != command.waits.end();
}

}  // namespace

void ArrayData::begin_layer(CurrentLayer& layer) {
    layer_ = &layer;
    const QuantizedNode& node = *layer.node;
    const PeSpec& pe = arch_.array.pe;
    weights_from_.reset();
    inputs_from_.reset();
    registers_ = node.op == QuantizedOp::convolution ? pe_mode(pe, node.weight_bits, node.input_bits).registers
                                                     : widest_registers(pe);
}

std::uint64_t ArrayData::moving_bits() const {
    return static_cast<std::uint64_t>(moving_register_bits(arch_.array, registers_, layer_->program->dataflow));
}

void ArrayData::count(const ArrayTiming& timing, const ArrayWork& work) {
    Counters& counters = layer_->counters;
    const std::uint64_t pes =
        static_cast<std::uint64_t>(arch_.array.rows) * static_cast<std::uint64_t>(arch_.array.columns);
    const auto slices = static_cast<std::uint64_t>(work.weight_slices * work.activation_slices);
    counters.macs += timing.pe_operations / slices;
    counters.pe_operations += timing.pe_operations;
    const std::pair bits{work.weight_slice_bits, work.activation_slice_bits};
    counters.pe_operations_by_bits[bits] += timing.pe_operations;
    counters.pe_steps += timing.pe_steps;
    const std::uint64_t idle_cycles = timing.total_cycles() * pes - timing.pe_steps;
    counters.pe_idle_in_fold_cycles += idle_cycles;
    counters.pe_idle_in_fold_bit_cycles += idle_cycles * moving_bits();
    counters.pe_weight_loads += timing.pe_weight_loads;
    const std::uint64_t loaded_bits = timing.pe_weight_loads * static_cast<std::uint64_t>(loaded_register_bits(
                                                                   registers_, layer_->program->dataflow));
    counters.pe_loaded_bits += loaded_bits;
    if (layer_->program->dataflow == Dataflow::output_stationary) {
        counters.output_stationary_operations_by_bits[bits] += timing.pe_operations;
        counters.output_stationary_loaded_bits += loaded_bits;
    }
    counters.folds += timing.folds;
    counters.weight_buffer.reads += timing.weight_reads;
    counters.activation_buffer.reads += timing.activation_reads;
    counters.accumulator_buffer.reads += timing.accumulator_reads;
    counters.accumulator_buffer.writes += timing.accumulator_writes;
}

void ArrayData::accumulate(const Command& command) {
    const auto& work = std::get<ArrayCommand>(command.work);
    AccumulatorSlot& slot = accumulators_[static_cast<std::size_t>(work.accumulator_slot)];
    const int bits = layer_->network->accumulator_bits;
    hand_over(command, accumulate_tile(*layer_->node, work, operands_, bits, layer_->images, slot.sums));
}

ArrayMatrices ArrayData::matrices(const ArrayCommand& work) const {
    return gather_matrices(*layer_->node, work, operands_);
}

void ArrayData::take(const Command& command, const ArrayMatrices& matrices, std::span<const std::int64_t> made) {
    const auto& work = std::get<ArrayCommand>(command.work);
    AccumulatorSlot& slot = accumulators_[static_cast<std::size_t>(work.accumulator_slot)];
    const int bits = layer_->network->accumulator_bits;
    hand_over(command, take_sums(work, matrices, made, bits, layer_->images, slot.sums));
}

void ArrayData::unpack_weights(const ArrayCommand& work) {
    const QuantizedNode& node = *layer_->node;
    const std::int64_t area = node.window.kernel_height * node.window.kernel_width;
    const std::int64_t held = work.weight_channel_end - work.weight_channel_begin;
    const auto packed =
        decode_weights(weights_.bytes(work.weight_address), node.weight_bits, work.output.channels() * held * area);
    operands_.weights = channels_last(packed, work.output.channels(), held, area);
}

void ArrayData::unpack_operands(const Command& command) {
    const auto& work = std::get<ArrayCommand>(command.work);
    const QuantizedNode& node = *layer_->node;
    if (layer_->program->weights_stay) {
        if (weights_from_ != work.weight_address) unpack_weights(work);
        weights_from_ = work.weight_address;
    } else if (waits_for(command, Token::weights_ready)) {
        unpack_weights(work);
    }
    if (const TensorLayout* resident = layer_->resident(node.input.tensor)) {
        if (inputs_from_ != work.input) operands_.inputs = read_region(*resident, work.input, activations_.bytes(0));
        inputs_from_ = work.input;
    } else if (waits_for(command, Token::inputs_ready)) {
        const TensorLayout& layout = (*layer_->layouts)[node.input.tensor];
        operands_.inputs = unpack_region(layout, work.input, activations_.bytes(work.input_address));
    }
}

/// Counts what the operands did, and lets the constants follow finished sums into the vector unit's registers, so that
/// the weight slot is free.
void ArrayData::hand_over(const Command& command, TileCounts counts) {
    const auto& work = std::get<ArrayCommand>(command.work);
    const QuantizedNode& node = *layer_->node;
    layer_->counters.accumulator_overflows += counts.overflows;
    layer_->counters.zero_activation_macs += counts.zero_activation_macs;
    if (std::find(command.posts.begin(), command.posts.end(), Token::accumulator_ready) == command.posts.end()) return;
    const std::int64_t held = work.weight_channel_end - work.weight_channel_begin;
    const std::int64_t area = node.window.kernel_height * node.window.kernel_width;
    const std::int64_t weight_bytes =
        ceil_div<std::int64_t>(work.output.channels() * held * area * node.weight_bits, 8);
    const auto constants =
        weights_.bytes(work.weight_address + static_cast<std::uint64_t>(weight_bytes))
            .first(static_cast<std::size_t>(work.output.channels()) * layer_->program->parameter_bytes_per_channel);
    accumulators_[static_cast<std::size_t>(work.accumulator_slot)].constants.assign(constants.begin(), constants.end());
}

}  // namespace npusim::sim
