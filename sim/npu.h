// The machine: the block diagram. Builds the units, binds them, and walks programs with its sequencer.
#pragma once

#include <memory>

#include "dma_engine.h"
#include "dram.h"
#include "npusim/sim/simulate.h"
#include "pe_array.h"
#include "vector_unit.h"

namespace npusim::sim {

class Npu : public sc_core::sc_module {
public:
    Npu(const sc_core::sc_module_name& name, const SimulationInput& input);

    /// True once the program has run for every image.
    [[nodiscard]] bool is_finished() const { return finished_; }
    /// All signals into a waveform; before the simulation starts.
    void trace(sc_core::sc_trace_file* file) const override;
    /// What was computed and counted; call once finished.
    [[nodiscard]] RunResult take_result() { return std::move(result_); }
    /// Where a machine that stopped early stands, for the error message.
    [[nodiscard]] std::string where() const;

private:
    /// The sequencer's process: for each image, each layer's commands go to the units' queues; a layer begins when
    /// all units have ended the one before. Commands are fetched ahead, and issuing them takes no cycles.
    void sequence();
    void run_layer(const LayerProgram& layer, std::size_t image);
    void end_layer(const LayerProgram& layer, std::uint64_t began_cycles, std::size_t image);
    void show_layer(const LayerProgram& layer, std::uint64_t began_cycles, std::size_t image);
    [[nodiscard]] std::array<Unit*, kMachineUnits> units();
    [[nodiscard]] Unit& unit_of(const Command& command);
    [[nodiscard]] bool all_done() const;

    /// Memory contents move outside of simulated time.
    void write_memory(std::uint64_t address, std::span<const std::byte> bytes);
    [[nodiscard]] std::vector<std::byte> read_memory(std::uint64_t address, std::size_t bytes);
    void write_weights();
    void write_image(const std::vector<std::int32_t>& image);
    [[nodiscard]] std::vector<std::int32_t> read_tensor(TensorId tensor);
    void collect_outputs(std::size_t image);

    const SimulationInput& input_;
    TokenBank tokens_;
    Scratchpad weight_buffer_;
    Scratchpad activation_buffer_;
    std::vector<AccumulatorSlot> accumulators_;
    Dram dram_;
    DmaEngine load_dma_;
    DmaEngine store_dma_;
    PeArray array_;
    VectorUnit vector_unit_;
    CurrentLayer current_;
    RunResult result_;
    bool finished_ = false;
    unsigned layer_number_ = kNoNumber;
    std::size_t layers_done_ = 0;
};

}  // namespace npusim::sim
