#include "transaction_machine.h"

#include <algorithm>

namespace npusim::sim {

TransactionMachine::TransactionMachine(const MachineParts& parts)
    : memory_(parts.memory),
      load_dma_("load_dma", parts.arch, tokens_, parts.weights, parts.activations),
      store_dma_("store_dma", parts.arch, tokens_, parts.weights, parts.activations),
      array_("array", parts.arch, tokens_, parts.activations, parts.array_data),
      vector_unit_("vector_unit", parts.arch, tokens_, parts.activations, parts.vector_data) {
    load_dma_.socket.bind(memory_.socket);
    store_dma_.socket.bind(memory_.socket);
}

void TransactionMachine::run_layer(CurrentLayer& layer) {
    tokens_.reset(layer.program->slots);
    memory_.begin_layer();
    const auto all = units();
    for (Unit* unit : all) unit->begin_layer(layer);
    for (const Command& command : *layer.commands) all[static_cast<std::size_t>(unit_of(command))]->push(command);
    while (!all_done()) {
        sc_core::wait(load_dma_.command_done() | array_.command_done() | vector_unit_.command_done() |
                      store_dma_.command_done());
    }
    Counters& counters = layer.counters;
    counters.load_dma = load_dma_.end_layer();
    counters.array = array_.end_layer();
    counters.vector_unit = vector_unit_.end_layer();
    counters.store_dma = store_dma_.end_layer();
    memory_.count(counters.dram);
}

bool TransactionMachine::all_done() const {
    return load_dma_.is_done() && array_.is_done() && vector_unit_.is_done() && store_dma_.is_done();
}

void TransactionMachine::keep_spans() {
    for (Unit* unit : units()) unit->keep_spans();
}

void TransactionMachine::take_timeline(LayerTimeline& timeline) {
    timeline.spans = {load_dma_.take_spans(), array_.take_spans(), vector_unit_.take_spans(), store_dma_.take_spans()};
    timeline.loads = load_dma_.take_transfers();
    timeline.stores = store_dma_.take_transfers();
}

void TransactionMachine::trace(sc_core::sc_trace_file* file) const {
    load_dma_.trace(file);
    array_.trace(file);
    vector_unit_.trace(file);
    store_dma_.trace(file);
    tokens_.trace(file);
}

bool TransactionMachine::is_done(MachineUnit unit) const {
    const std::array<const Unit*, kMachineUnits> all{&load_dma_, &array_, &vector_unit_, &store_dma_};
    return all[static_cast<std::size_t>(unit)]->is_done();
}

}  // namespace npusim::sim
