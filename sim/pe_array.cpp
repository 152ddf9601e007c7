#include "pe_array.h"

#include <algorithm>

#include "npusim/workloads/lowering/pe_kind.h"

namespace npusim::sim {
namespace {

bool waits_for(const Command& command, Token token) {
    return std::find(command.waits.begin(), command.waits.end(), token) != command.waits.end();
}

}  // namespace

PeArray::PeArray(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens, Scratchpad& weights,
                 Scratchpad& activations, std::vector<AccumulatorSlot>& accumulators, Detail detail,
                 const Program& program)
    : Unit(name, arch, tokens), weights_(weights), activations_(activations), accumulators_(accumulators) {
    if (detail != Detail::register_level) return;
    for (const LayerProgram& layer : program.layers) {
        auto& array = registers_[layer.dataflow];
        if (array) continue;
        array =
            make_register_array(("registers_" + std::string(name_of(layer.dataflow))).c_str(), arch, layer.dataflow);
    }
}

std::uint64_t PeArray::pes() const {
    return static_cast<std::uint64_t>(arch_.array.rows) * static_cast<std::uint64_t>(arch_.array.columns);
}

std::uint64_t PeArray::moving_bits() const {
    return static_cast<std::uint64_t>(moving_register_bits(arch_.array, lane_registers_, dataflow_));
}

void PeArray::begin_layer(CurrentLayer& layer) {
    Unit::begin_layer(layer);
    const QuantizedNode& node = *layer.node;
    const PeSpec& pe = arch_.array.pe;
    dataflow_ = layer.program->dataflow;
    weights_from_.reset();
    inputs_from_.reset();
    lane_registers_ = node.op == QuantizedOp::convolution ? pe_mode(pe, node.weight_bits, node.input_bits).registers
                                                          : widest_registers(pe);
}

UnitCycles PeArray::end_layer() {
    const UnitCycles cycles = Unit::end_layer();
    const std::uint64_t stalled_cycles = (cycles.total_cycles() - working_cycles_) * pes();
    layer_->counters.pe_stalled_cycles += stalled_cycles;
    layer_->counters.pe_stalled_bit_cycles += stalled_cycles * moving_bits();
    working_cycles_ = 0;
    timings_.clear();
    return cycles;
}

void PeArray::execute(const Command& command) {
    const auto& work = std::get<ArrayCommand>(command.work);
    const bool with_data = layer_->with_data();
    if (with_data) unpack_operands(command, work);
    if (!registers_.empty()) return run_registers(command, work);
    const ArrayTiming timing = timing_of(work.work);
    pass(timing.busy_cycles, timing.fill_drain_cycles, timing.bank_conflict_cycles + wait_behind_others(work));
    count(timing, work);
    if (!with_data) return;
    AccumulatorSlot& slot = accumulators_[static_cast<std::size_t>(work.accumulator_slot)];
    const int bits = layer_->network->accumulator_bits;
    hand_over(command, work, slot, accumulate_tile(*layer_->node, work, operands_, bits, layer_->images, slot.sums));
}

/// Time passes in the registers; without data they multiply zeros.
void PeArray::run_registers(const Command& command, const ArrayCommand& work) {
    const auto groups = static_cast<std::size_t>(work.work.groups);
    const auto pixels = groups * static_cast<std::size_t>(work.work.pixels);
    const auto channels = groups * static_cast<std::size_t>(work.work.out_channels);
    const auto reduction = static_cast<std::size_t>(work.work.reduction);
    ArrayMatrices matrices;
    if (layer_->with_data()) {
        matrices = gather_matrices(*layer_->node, work, operands_);
    } else {
        matrices.inputs.resize(pixels * reduction);
        matrices.weights.resize(channels * reduction);
    }
    std::vector<std::int64_t> sums(pixels * static_cast<std::size_t>(work.work.out_channels));
    begin_work();
    const std::uint64_t began_cycles = now_cycles();
    const std::uint64_t waited_cycles = wait_behind_others(work);
    const ArrayTiming timing = registers_.at(dataflow_)->run(work.work, matrices, sums);
    if (activations_.ports() != nullptr) wait_until(began_cycles + timing.total_cycles() + waited_cycles);
    account_work(timing.busy_cycles, timing.fill_drain_cycles, timing.bank_conflict_cycles + waited_cycles);
    count(timing, work);
    if (!layer_->with_data()) return;
    AccumulatorSlot& slot = accumulators_[static_cast<std::size_t>(work.accumulator_slot)];
    hand_over(command, work, slot,
              take_sums(work, matrices, sums, layer_->network->accumulator_bits, layer_->images, slot.sums));
}

/// Ports are asked for before the work begins, so that also at register level the schedule asks, not the registers:
/// how long a command takes alone, and how often it reads.
std::uint64_t PeArray::wait_behind_others(const ArrayCommand& command) {
    PortCalendar* ports = activations_.ports();
    if (ports == nullptr) return 0;
    await_turn(Turn::array);
    const ArrayTiming& timing = timing_of(command.work);
    const HalfAccesses accesses =
        layer_->halves_of(*ports, layer_->node->input.tensor, timing.activation_reads, command.input_address);
    return ports->book(now_cycles(), now_cycles(), timing.total_cycles(), accesses);
}

/// A layer's commands differ at the edges only.
const ArrayTiming& PeArray::timing_of(const ArrayWork& work) {
    const auto found =
        std::find_if(timings_.begin(), timings_.end(), [&](const auto& one) { return one.first == work; });
    if (found != timings_.end()) return found->second;
    return timings_.emplace_back(work, dataflow_policy(dataflow_).time(arch_, work)).second;
}

void PeArray::count(const ArrayTiming& timing, const ArrayCommand& command) {
    Counters& counters = layer_->counters;
    const ArrayWork& work = command.work;
    const auto slices = static_cast<std::uint64_t>(work.weight_slices * work.activation_slices);
    working_cycles_ += timing.total_cycles();
    counters.macs += timing.pe_operations / slices;
    counters.pe_operations += timing.pe_operations;
    const std::pair bits{work.weight_slice_bits, work.activation_slice_bits};
    counters.pe_operations_by_bits[bits] += timing.pe_operations;
    counters.pe_steps += timing.pe_steps;
    const std::uint64_t idle_cycles = timing.total_cycles() * pes() - timing.pe_steps;
    counters.pe_idle_in_fold_cycles += idle_cycles;
    counters.pe_idle_in_fold_bit_cycles += idle_cycles * moving_bits();
    counters.pe_weight_loads += timing.pe_weight_loads;
    const std::uint64_t loaded_bits =
        timing.pe_weight_loads * static_cast<std::uint64_t>(loaded_register_bits(lane_registers_, dataflow_));
    counters.pe_loaded_bits += loaded_bits;
    if (dataflow_ == Dataflow::output_stationary) {
        counters.output_stationary_operations_by_bits[bits] += timing.pe_operations;
        counters.output_stationary_loaded_bits += loaded_bits;
    }
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
