#include "npu.h"

#include <algorithm>

#include "cycles.h"
#include "dram.h"
#include "foreign_memory.h"
#include "npusim/base/integer_math.h"
#include "register/register_machine.h"
#include "transaction_machine.h"

namespace npusim::sim {
namespace {

int most_slots(const Program& program) {
    int slots = 1;
    for (const LayerProgram& layer : program.layers) slots = std::max(slots, layer.slots);
    return slots;
}

std::unique_ptr<Memory> memory_of(const SimulationInput& input, const MemoryMaker& make_memory) {
    if (!make_memory) return std::make_unique<Dram>("dram", input.arch);
    return std::make_unique<ForeignMemory>("memory_port", input.arch,
                                           make_memory({input.program.dram_bytes, input.arch.clock_mhz}));
}

}  // namespace

Npu::Npu(const sc_core::sc_module_name& name, const SimulationInput& input, const MemoryMaker& make_memory)
    : sc_module(name),
      input_(input),
      weight_buffer_(input.arch.weight_buffer, input.arch.double_buffering),
      activation_buffer_(input.arch.activation_buffer, input.arch.double_buffering),
      accumulators_(static_cast<std::size_t>(most_slots(input.program))),
      memory_(memory_of(input, make_memory)),
      array_data_(input.arch, weight_buffer_, activation_buffer_, accumulators_),
      machine_(make_machine()) {
    host_.bind(memory_->socket);
    SC_HAS_PROCESS(Npu);
    SC_THREAD(sequence);
}

std::unique_ptr<Machine> Npu::make_machine() {
    const MachineParts parts{input_.arch,    input_.program,
                             weight_buffer_, activation_buffer_,
                             array_data_,    {weight_buffer_, activation_buffer_, accumulators_},
                             *memory_};
    if (input_.detail == Detail::transaction) return std::make_unique<TransactionMachine>(parts);
    return std::make_unique<RegisterMachine>(
        parts, [this](bool is_write, std::uint64_t address, auto place) { access_memory(is_write, address, place); });
}

std::size_t Npu::batches() const {
    const auto batch = static_cast<std::size_t>(input_.program.batch);
    return std::max<std::size_t>(1, ceil_div(input_.images.size(), batch));
}

std::size_t Npu::counted_pass() const {
    const auto& layers = input_.program.layers;
    return std::any_of(layers.begin(), layers.end(), [](const LayerProgram& layer) { return layer.weights_stay; }) ? 1
                                                                                                                   : 0;
}

std::size_t Npu::passes() const {
    return std::max(batches(), counted_pass() + 1);
}

std::size_t Npu::batch_of(std::size_t pass) const {
    return std::min(pass, batches() - 1);
}

std::int64_t Npu::images_of(std::size_t batch) const {
    const auto before = static_cast<std::int64_t>(batch) * input_.program.batch;
    return std::min(input_.program.batch, std::ssize(input_.images) - before);
}

void Npu::sequence() {
    begin();
    const bool with_data = !input_.images.empty();
    for (std::size_t pass = 0; pass < passes(); ++pass) {
        const bool is_new = with_data && pass < batches();
        if (is_new) write_images(pass);
        for (const auto& layer : input_.program.layers) run_layer(layer, pass);
        if (is_new) collect_outputs(pass);
    }
    finish();
}

void Npu::begin() {
    result_.network = input_.program.network;
    result_.batch = input_.program.batch;
    result_.weight_bytes = input_.program.weight_bytes;
    result_.peak_activation_bytes = input_.program.peak_activation_bytes;
    data_counters_.resize(input_.program.layers.size());
    if (input_.observe_layer) machine_->keep_spans();
    if (input_.images.empty()) return;
    weight_buffer_.allocate();
    activation_buffer_.allocate();
    memory_->allocate(input_.program.dram_bytes);
    write_weights();
}

void Npu::finish() {
    for (std::size_t layer = 0; layer < result_.layers.size(); ++layer) {
        Counters& counters = result_.layers[layer].counters;
        counters.accumulator_overflows = data_counters_[layer].accumulator_overflows;
        counters.zero_activation_macs = data_counters_[layer].zero_activation_macs;
        result_.total += counters;
    }
    if (counted_pass() == 0) result_.first_total = result_.total;
    layer_number_ = kNoNumber;
    finished_ = true;
}

void Npu::run_layer(const LayerProgram& layer, std::size_t pass) {
    current_ = {};
    current_.network = &input_.network;
    current_.node = &input_.network.nodes[layer.node];
    current_.program = &layer;
    current_.layouts = &input_.program.layouts;
    current_.commands = pass == 0 && layer.weights_stay ? &layer.first_commands : &layer.commands;
    current_.residents = &input_.program.residents;
    if (!input_.images.empty()) current_.images = images_of(batch_of(pass));
    layer_number_ = static_cast<unsigned>(&layer - input_.program.layers.data());
    const std::uint64_t began_cycles = now_cycles();
    machine_->run_layer(current_);
    if (current_.with_data() && input_.observe_tensors) keep_residents(*current_.node);
    end_layer(layer, began_cycles, pass);
}

void Npu::end_layer(const LayerProgram& layer, std::uint64_t began_cycles, std::size_t pass) {
    Counters& counters = current_.counters;
    counters.total_cycles = now_cycles() - began_cycles;
    // Time does not depend on data; what depends on data is summed over the batches.
    DataCounters& data = data_counters_[static_cast<std::size_t>(&layer - input_.program.layers.data())];
    if (pass < batches()) {
        data.accumulator_overflows += counters.accumulator_overflows;
        data.zero_activation_macs += counters.zero_activation_macs;
    }
    counters.accumulator_overflows = counters.zero_activation_macs = 0;
    if (pass == 0) result_.first_total += counters;
    if (pass == counted_pass()) {
        result_.layers.push_back({layer.node, layer.name, std::string(name_of(current_.node->op)), counters});
    }
    if (input_.observe_layer) show_layer(layer, began_cycles, pass);
    ++layers_done_;
    if (input_.progress) input_.progress(layers_done_);
}

void Npu::show_layer(const LayerProgram& layer, std::uint64_t began_cycles, std::size_t pass) {
    LayerTimeline timeline{pass, &layer, began_cycles, now_cycles(), {}, {}, {}};
    machine_->take_timeline(timeline);
    if (pass >= counted_pass()) input_.observe_layer(timeline);
}

void Npu::trace(sc_core::sc_trace_file* file) const {
    sc_core::sc_trace(file, layer_number_, "layer");
    machine_->trace(file);
}

std::string Npu::where() const {
    std::string text = "layer " + (current_.program == nullptr ? std::string("none") : current_.program->name) +
                       " at cycle " + std::to_string(now_cycles()) + "; unfinished:";
    for (std::size_t i = 0; i < kMachineUnits; ++i) {
        const auto unit = static_cast<MachineUnit>(i);
        if (!machine_->is_done(unit)) text += " " + std::string(name_of(unit));
    }
    return text;
}

}  // namespace npusim::sim
