#include "pe_array.h"

#include <algorithm>

namespace npusim::sim {

PeArray::PeArray(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens, Scratchpad& activations,
                 ArrayData& data)
    : Unit(name, arch, tokens), activations_(activations), data_(data) {}

std::uint64_t PeArray::pes() const {
    return static_cast<std::uint64_t>(arch_.array.rows) * static_cast<std::uint64_t>(arch_.array.columns);
}

void PeArray::begin_layer(CurrentLayer& layer) {
    Unit::begin_layer(layer);
    data_.begin_layer(layer);
}

UnitCycles PeArray::end_layer() {
    const UnitCycles cycles = Unit::end_layer();
    const std::uint64_t stalled_cycles = (cycles.total_cycles() - working_cycles_) * pes();
    layer_->counters.pe_stalled_cycles += stalled_cycles;
    layer_->counters.pe_stalled_bit_cycles += stalled_cycles * data_.moving_bits();
    working_cycles_ = 0;
    timings_.clear();
    return cycles;
}

void PeArray::execute(const Command& command) {
    const auto& work = std::get<ArrayCommand>(command.work);
    if (layer_->with_data()) data_.unpack_operands(command);
    const ArrayTiming timing = timing_of(work.work);
    pass(timing.busy_cycles, timing.fill_drain_cycles, timing.bank_conflict_cycles + wait_behind_others(work));
    working_cycles_ += timing.total_cycles();
    data_.count(timing, work.work);
    if (layer_->with_data()) data_.accumulate(command);
}

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
    return timings_.emplace_back(work, dataflow_policy(layer_->program->dataflow).time(arch_, work)).second;
}

}  // namespace npusim::sim
