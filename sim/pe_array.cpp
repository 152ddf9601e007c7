#include "pe_array.h"

#include <algorithm>

namespace npusim::sim {
namespace {

bool waits_for(const Command& command, Token token) {
    return std::find(command.waits.begin(), command.waits.end(), token) != command.waits.end();
}

}  // namespace

PeArray::PeArray(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens, Scratchpad& weights,
                 Scratchpad& activations, std::vector<AccumulatorSlot>& accumulators, Detail detail)
    : Unit(name, arch, tokens),
      dataflow_(dataflow_policy(arch.array.dataflow)),
      weights_(weights),
      activations_(activations),
      accumulators_(accumulators) {
    if (detail == Detail::register_level) registers_ = make_register_array("registers", arch);
}

UnitCycles PeArray::end_layer() {
    const UnitCycles cycles = Unit::end_layer();
    const auto pes = static_cast<std::uint64_t>(arch_.array.rows) * static_cast<std::uint64_t>(arch_.array.columns);
    layer_->counters.pe_stalled_cycles += (cycles.total_cycles() - working_cycles_) * pes;
    working_cycles_ = 0;
    timings_.clear();
    return cycles;
}

void PeArray::execute(const Command& command) {
    const auto& work = std::get<ArrayCommand>(command.work);
    const bool with_data = layer_->with_data;
    if (with_data) unpack_operands(command, work);
    if (registers_) return run_registers(command, work);
    const ArrayTiming timing = timing_of(work.work);
    pass(timing.busy_cycles, timing.fill_drain_cycles, timing.bank_conflict_cycles);
    count(timing, work);
    if (!with_data) return;
    AccumulatorSlot& slot = accumulators_[static_cast<std::size_t>(work.accumulator_slot)];
    const int bits = layer_->network->accumulator_bits;
    hand_over(command, work, slot, accumulate_tile(*layer_->node, work, operands_, bits, slot.sums));
}

/// Time passes in the registers; without data they multiply zeros.
void PeArray::run_registers(const Command& command, const ArrayCommand& work) {
    const auto groups = static_cast<std::size_t>(work.work.groups);
    const auto pixels = groups * static_cast<std::size_t>(work.work.pixels);
    const auto channels = groups * static_cast<std::size_t>(work.work.out_channels);
    const auto reduction = static_cast<std::size_t>(work.work.reduction);
    ArrayMatrices matrices;
    if (layer_->with_data) {
        matrices = gather_matrices(*layer_->node, work, operands_);
    } else {
        matrices.inputs.resize(pixels * reduction);
        matrices.weights.resize(channels * reduction);
    }
    std::vector<std::int64_t> sums(pixels * static_cast<std::size_t>(work.work.out_channels));
    begin_work();
    const ArrayTiming timing = registers_->run(work.work, matrices, sums);
    account_work(timing.busy_cycles, timing.fill_drain_cycles, timing.bank_conflict_cycles);
    count(timing, work);
    if (!layer_->with_data) return;
    AccumulatorSlot& slot = accumulators_[static_cast<std::size_t>(work.accumulator_slot)];
    hand_over(command, work, slot, take_sums(work, matrices, sums, layer_->network->accumulator_bits, slot.sums));
}

/// A layer's commands differ at the edges only.
const ArrayTiming& PeArray::timing_of(const ArrayWork& work) {
    const auto found =
        std::find_if(timings_.begin(), timings_.end(), [&](const auto& one) { return one.first == work; });
    if (found != timings_.end()) return found->second;
    return timings_.emplace_back(work, dataflow_.time(arch_, work)).second;
}

void PeArray::count(const ArrayTiming& timing, const ArrayCommand& command) {
    Counters& counters = layer_->counters;
    const auto pes = static_cast<std::uint64_t>(arch_.array.rows) * static_cast<std::uint64_t>(arch_.array.columns);
    const auto slices = static_cast<std::uint64_t>(command.work.weight_slices * command.work.activation_slices);
    working_cycles_ += timing.total_cycles();
    counters.macs += timing.pe_operations / slices;
    counters.pe_operations += timing.pe_operations;
    counters.pe_idle_in_fold_cycles += timing.total_cycles() * pes - timing.pe_operations;
    counters.pe_weight_loads += timing.pe_weight_loads;
    counters.folds += timing.folds;
    counters.weight_buffer.reads += timing.weight_reads;
    counters.activation_buffer.reads += timing.activation_reads;
    counters.accumulator_buffer.reads += timing.accumulator_reads;
    counters.accumulator_buffer.writes += timing.accumulator_writes;
}

void PeArray::unpack_weights(const ArrayCommand& work) {
    const QuantizedNode& node = *layer_->node;
    const std::int64_t area = node.window.kernel_height * node.window.kernel_width;
    const std::int64_t held = work.weight_channel_end - work.weight_channel_begin;
    const auto packed =
        decode_weights(weights_.bytes(work.weight_address), node.weight_bits, work.output.channels() * held * area);
    operands_.weights = channels_last(packed, work.output.channels(), held, area);
}

void PeArray::unpack_operands(const Command& command, const ArrayCommand& work) {
    const QuantizedNode& node = *layer_->node;
    if (waits_for(command, Token::weights_ready)) unpack_weights(work);
    if (waits_for(command, Token::inputs_ready)) {
        const TensorLayout& layout = (*layer_->layouts)[node.input.tensor];
        operands_.inputs = unpack_region(layout, work.input, activations_.bytes(work.input_address));
    }
}

/// Counts what the operands did, and lets the constants follow finished sums into the vector unit's registers, so that
/// the weight slot is free.
void PeArray::hand_over(const Command& command, const ArrayCommand& work, AccumulatorSlot& slot, TileCounts counts) {
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
    slot.constants.assign(constants.begin(), constants.end());
}

}  // namespace npusim::sim
