#include "npu.h"

#include <algorithm>

namespace npusim::sim {

Npu::Npu(const sc_core::sc_module_name& name, const SimulationInput& input)
    : sc_module(name),
      input_(input),
      weight_buffer_(input.arch.weight_buffer),
      activation_buffer_(input.arch.activation_buffer),
      accumulators_(input.arch.double_buffering ? 2 : 1),
      dram_("dram", input.arch),
      load_dma_("load_dma", input.arch, tokens_, weight_buffer_, activation_buffer_),
      store_dma_("store_dma", input.arch, tokens_, weight_buffer_, activation_buffer_),
      array_("array", input.arch, tokens_, weight_buffer_, activation_buffer_, accumulators_, input.detail),
      vector_unit_("vector_unit", input.arch, tokens_, weight_buffer_, activation_buffer_, accumulators_) {
    load_dma_.socket.bind(dram_.socket);
    store_dma_.socket.bind(dram_.socket);
    SC_HAS_PROCESS(Npu);
    SC_THREAD(sequence);
}

void Npu::sequence() {
    result_.network = input_.program.network;
    result_.weight_bytes = input_.program.weight_bytes;
    result_.peak_activation_bytes = input_.program.peak_activation_bytes;
    const bool with_data = !input_.images.empty();
    if (with_data) {
        weight_buffer_.allocate();
        activation_buffer_.allocate();
        dram_.allocate(input_.program.dram_bytes);
        write_weights();
    }
    if (input_.observe_layer) {
        for (Unit* unit : units()) unit->keep_spans();
    }
    const std::size_t runs = std::max<std::size_t>(1, input_.images.size());
    for (std::size_t image = 0; image < runs; ++image) {
        if (with_data) write_image(input_.images[image]);
        for (const auto& layer : input_.program.layers) run_layer(layer, image);
        if (with_data) collect_outputs(image);
    }
    for (const auto& layer : result_.layers) result_.total += layer.counters;
    layer_number_ = kNoNumber;
    finished_ = true;
}

void Npu::run_layer(const LayerProgram& layer, std::size_t image) {
    current_ = {};
    current_.network = &input_.network;
    current_.node = &input_.network.nodes[layer.node];
    current_.program = &layer;
    current_.layouts = &input_.program.layouts;
    current_.with_data = !input_.images.empty();
    layer_number_ = static_cast<unsigned>(&layer - input_.program.layers.data());
    const std::uint64_t began_cycles = now_cycles();
    tokens_.reset(layer.slots);
    dram_.begin_layer();
    for (Unit* unit : units()) unit->begin_layer(current_);
    for (const auto& command : layer.commands) unit_of(command).push(command);
    while (!all_done()) {
        sc_core::wait(load_dma_.command_done() | array_.command_done() | vector_unit_.command_done() |
                      store_dma_.command_done());
    }
    end_layer(layer, began_cycles, image);
}

void Npu::end_layer(const LayerProgram& layer, std::uint64_t began_cycles, std::size_t image) {
    Counters& counters = current_.counters;
    counters.total_cycles = now_cycles() - began_cycles;
    counters.load_dma = load_dma_.end_layer();
    counters.array = array_.end_layer();
    counters.vector_unit = vector_unit_.end_layer();
    counters.store_dma = store_dma_.end_layer();
    const DramCounters& dram = counters.dram;
    counters.dram.burst_waste_bytes = dram_.burst_bytes_moved() - dram.read_bytes() - dram.output_write_bytes;
    if (image == 0) {
        result_.layers.push_back({layer.node, layer.name, std::string(name_of(current_.node->op)), counters});
    } else {
        // Time does not depend on data; what depends on data is summed over the images.
        Counters& first = result_.layers[static_cast<std::size_t>(&layer - input_.program.layers.data())].counters;
        first.accumulator_overflows += counters.accumulator_overflows;
        first.zero_activation_macs += counters.zero_activation_macs;
    }
    if (input_.observe_layer) show_layer(layer, began_cycles, image);
    ++layers_done_;
    if (input_.progress) input_.progress(layers_done_);
}

void Npu::show_layer(const LayerProgram& layer, std::uint64_t began_cycles, std::size_t image) {
    LayerTimeline timeline{image, &layer, began_cycles, now_cycles(), {}, {}, {}};
    const auto all = units();
    for (std::size_t i = 0; i < all.size(); ++i) timeline.spans[i] = all[i]->take_spans();
    timeline.loads = load_dma_.take_transfers();
    timeline.stores = store_dma_.take_transfers();
    input_.observe_layer(timeline);
}

void Npu::trace(sc_core::sc_trace_file* file) const {
    sc_core::sc_trace(file, layer_number_, "layer");
    load_dma_.trace(file);
    array_.trace(file);
    vector_unit_.trace(file);
    store_dma_.trace(file);
    tokens_.trace(file);
}

/// In the order of MachineUnit.
std::array<Unit*, kMachineUnits> Npu::units() {
    return {&load_dma_, &array_, &vector_unit_, &store_dma_};
}

Unit& Npu::unit_of(const Command& command) {
    struct Choose {
        Npu& npu;
        Unit& operator()(const LoadCommand&) const { return npu.load_dma_; }
        Unit& operator()(const ArrayCommand&) const { return npu.array_; }
        Unit& operator()(const VectorCommand&) const { return npu.vector_unit_; }
        Unit& operator()(const StoreCommand&) const { return npu.store_dma_; }
    };
    return std::visit(Choose{*this}, command.work);
}

bool Npu::all_done() const {
    return load_dma_.is_done() && array_.is_done() && vector_unit_.is_done() && store_dma_.is_done();
}

std::string Npu::where() const {
    return "layer " + (current_.program == nullptr ? std::string("none") : current_.program->name) + " at cycle " +
           std::to_string(now_cycles()) + "; unfinished:" + (load_dma_.is_done() ? "" : " load") +
           (array_.is_done() ? "" : " array") + (vector_unit_.is_done() ? "" : " vector") +
           (store_dma_.is_done() ? "" : " store");
}

}  // namespace npusim::sim
