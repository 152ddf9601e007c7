#include "register_machine.h"

#include <algorithm>

namespace npusim::sim {
namespace {

std::optional<PortArbiter> arbiter_of(const ArchSpec& arch) {
    if (!arch.activation_buffer.arbitrated) return std::nullopt;
    return PortArbiter(arch.activation_buffer, arch.double_buffering);
}

}  // namespace

RegisterMachine::RegisterMachine(const MachineParts& parts, const CopyBytes& copy)
    : ports_(arbiter_of(parts.arch)),
      dram_(parts.arch.dram, parts.arch.clock_mhz),
      loads_(MachineUnit::load_dma, parts.arch, tokens_, {dram_, parts.weights, parts.activations, ports(), copy}),
      array_(parts.arch, tokens_, ports(), parts.program, parts.array_data),
      vector_unit_(parts.arch, tokens_, ports(), parts.vector_data),
      stores_(MachineUnit::store_dma, parts.arch, tokens_, {dram_, parts.weights, parts.activations, ports(), copy}) {}

/// Requests of one cycle are served in this order.
std::array<ClockedUnit*, kMachineUnits> RegisterMachine::units_by_turn() {
    return {&array_, &vector_unit_, &loads_, &stores_};
}

std::array<const ClockedUnit*, kMachineUnits> RegisterMachine::units() const {
    return {&loads_, &array_, &vector_unit_, &stores_};
}

void RegisterMachine::keep_spans() {
    for (ClockedUnit* unit : units_by_turn()) unit->keep_spans();
}

void RegisterMachine::run_layer(CurrentLayer& layer) {
    begin_layer(layer);
    const auto all = units_by_turn();
    settle();
    while (!std::all_of(all.begin(), all.end(), [](const auto* unit) { return unit->is_done(); })) {
        const bool moves = std::any_of(all.begin(), all.end(), [](const auto* unit) { return unit->is_moving(); });
        if (!moves) sc_core::wait(never_);
        if (ports_) ports_->cycle(now_cycles_);
        for (ClockedUnit* unit : all) unit->cycle(now_cycles_);
        sc_core::wait(1, sc_core::SC_NS);
        ++now_cycles_;
        settle();
    }
    end_layer(layer);
}

/// Of each kind of slot all are free, and nothing is ready.
void RegisterMachine::begin_layer(CurrentLayer& layer) {
    for (std::size_t token = 0; token < kTokens; ++token) {
        const auto kind = static_cast<Token>(token);
        const bool is_free = kind == Token::weights_free || kind == Token::inputs_free || kind == Token::operand_free ||
                             kind == Token::accumulator_free || kind == Token::output_free;
        tokens_[token] = is_free ? layer.program->slots : 0;
    }
    dram_.begin_layer();
    for (ClockedUnit* unit : units_by_turn()) unit->begin_layer(layer, now_cycles_);
}

/// Units act in their turns; who can act only by what a later one did follows it at once.
void RegisterMachine::settle() {
    const auto all = units_by_turn();
    for (ClockedUnit* unit : all) unit->finish(now_cycles_);
    for (std::size_t turn = 0; turn < all.size(); ++turn) {
        bool acted = true;
        while (acted) {
            acted = false;
            for (std::size_t unit = 0; unit <= turn; ++unit) acted = all[unit]->act(now_cycles_) || acted;
        }
    }
}

void RegisterMachine::end_layer(CurrentLayer& layer) {
    Counters& counters = layer.counters;
    counters.load_dma = loads_.end_layer();
    counters.array = array_.end_layer();
    counters.vector_unit = vector_unit_.end_layer();
    counters.store_dma = stores_.end_layer();
    counters.dram += dram_.counters();
    counters.dram.burst_waste_bytes =
        static_cast<std::uint64_t>(dram_.moved_bytes()) - counters.dram.read_bytes() - counters.dram.output_write_bytes;
}

void RegisterMachine::take_timeline(LayerTimeline& timeline) {
    timeline.spans = {loads_.take_spans(), array_.take_spans(), vector_unit_.take_spans(), stores_.take_spans()};
    timeline.loads = loads_.take_transfers();
    timeline.stores = stores_.take_transfers();
}

void RegisterMachine::trace(sc_core::sc_trace_file* file) const {
    for (const ClockedUnit* unit : units()) unit->trace(file);
    for (std::size_t token = 0; token < kTokens; ++token) {
        sc_core::sc_trace(file, tokens_[token], kTokenSignals[token]);
    }
}

}  // namespace npusim::sim
