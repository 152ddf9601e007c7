#include "clocked_array.h"

#include "pe_parts.h"

namespace npusim::sim {

ClockedArray::ClockedArray(const ArchSpec& arch, TokenCounts& tokens, PortArbiter* ports, const Program& program,
                           ArrayData& data)
    : ClockedWorker(MachineUnit::array, arch, tokens, ports), data_(data) {
    for (const LayerProgram& layer : program.layers) {
        auto& array = registers_[layer.dataflow];
        if (array) continue;
        array =
            make_register_array(("registers_" + std::string(name_of(layer.dataflow))).c_str(), arch, layer.dataflow);
    }
}

void ClockedArray::begin_layer(CurrentLayer& layer, std::uint64_t now_cycles) {
    ClockedWorker::begin_layer(layer, now_cycles);
    data_.begin_layer(layer);
    stalled_cycles_ = 0;
}

UnitCycles ClockedArray::end_layer() {
    const std::uint64_t stalled_cycles = stalled_cycles_ * static_cast<std::uint64_t>(arch_.array.rows) *
                                         static_cast<std::uint64_t>(arch_.array.columns);
    layer_->counters.pe_stalled_cycles += stalled_cycles;
    layer_->counters.pe_stalled_bit_cycles += stalled_cycles * data_.moving_bits();
    return ClockedWorker::end_layer();
}

void ClockedArray::cycle(std::uint64_t now_cycles) {
    const std::uint64_t worked_before = worked_cycles_;
    ClockedWorker::cycle(now_cycles);
    if (worked_cycles_ == worked_before) ++stalled_cycles_;
}

/// The registers run ahead, in no time: how many accesses they make in how many cycles is what ports are asked for.
void ClockedArray::begin_command(const Command& command) {
    const auto& array_command = std::get<ArrayCommand>(command.work);
    const QuantizedNode& node = *layer_->node;
    if (layer_->with_data()) data_.unpack_operands(command);
    work_ = laid_on_pes(arch_.array.pe, node.weight_bits, node.input_bits, array_command.work);
    matrices_ = operands(array_command);
    sums_.assign(static_cast<std::size_t>(work_.groups * work_.pixels * work_.out_channels), 0);
    timing_ = registers_.at(layer_->program->dataflow)->run(work_, matrices_, sums_);
    worked_cycles_ = 0;
    if (!meets_others()) return;
    ask_ports(timing_.total_cycles(),
              accesses_to(node.input.tensor, timing_.activation_reads, array_command.input_address));
}

/// Without data the PEs multiply zeros.
ArrayMatrices ClockedArray::operands(const ArrayCommand& command) const {
    if (layer_->with_data()) return data_.matrices(command);
    const auto zeros = [](std::int64_t count) { return std::vector<std::int32_t>(static_cast<std::size_t>(count)); };
    return {zeros(work_.groups * work_.pixels * work_.reduction),
            zeros(work_.groups * work_.out_channels * work_.reduction)};
}

ClockedWorker::Spent ClockedArray::end_command(const Command& command) {
    data_.count(timing_, work_);
    if (layer_->with_data()) data_.take(command, matrices_, sums_);
    return {timing_.busy_cycles, timing_.fill_drain_cycles, timing_.bank_conflict_cycles};
}

}  // namespace npusim::sim
