// The machine: the block diagram. Builds the units, binds them, and walks programs with its sequencer.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <map>
#include <memory>
#include <utility>

#include "machine.h"
#include "npusim/sim/simulate.h"
#include "npusim/systemc/memory.h"
#include "waveform.h"

namespace npusim::sim {

/// What depends on data.
struct DataCounters {
    std::uint64_t accumulator_overflows = 0;
    std::uint64_t zero_activation_macs = 0;
};

class Npu : public sc_core::sc_module {
public:
    /// Without a maker the memory is the chip's DRAM.
    Npu(const sc_core::sc_module_name& name, const SimulationInput& input, const MemoryMaker& make_memory);

    /// True once the program has run for every image.
    [[nodiscard]] bool is_finished() const { return finished_; }
    /// All signals into a waveform; before the simulation starts.
    void trace(sc_core::sc_trace_file* file) const override;
    /// What was computed and counted; call once finished.
    [[nodiscard]] RunResult take_result() { return std::move(result_); }
    /// Where a machine that stopped early stands, for the error message.
    [[nodiscard]] std::string where() const;

private:
    /// The sequencer's process: for each batch, each layer's commands go to the units' queues; a layer begins when
    /// all units have ended the one before. Commands are fetched ahead, and issuing them takes no cycles.
    void sequence();
    /// Passes of the program: one for each batch of images, or one without data; one more where the only batch would
    /// have loaded what stays on chip.
    [[nodiscard]] std::size_t passes() const;
    [[nodiscard]] std::size_t batches() const;
    [[nodiscard]] std::size_t batch_of(std::size_t pass) const;
    [[nodiscard]] std::int64_t images_of(std::size_t batch) const;
    /// The pass whose counters are the result.
    [[nodiscard]] std::size_t counted_pass() const;
    void begin();
    void run_layer(const LayerProgram& layer, std::size_t pass);
    void end_layer(const LayerProgram& layer, std::uint64_t began_cycles, std::size_t pass);
    void show_layer(const LayerProgram& layer, std::uint64_t began_cycles, std::size_t pass);
    void finish();
    [[nodiscard]] std::unique_ptr<Machine> make_machine();

    /// Memory contents move outside of simulated time.
    void access_memory(bool is_write, std::uint64_t address, std::span<std::byte> place);
    void write_memory(std::uint64_t address, std::span<const std::byte> bytes);
    [[nodiscard]] std::vector<std::byte> read_memory(std::uint64_t address, std::size_t bytes);
    void write_weights();
    void write_images(std::size_t batch);
    void write_image(const std::vector<std::int32_t>& image, std::int64_t place);
    /// Of the image at a place in the batch.
    [[nodiscard]] std::vector<std::int32_t> read_tensor(TensorId tensor, std::int64_t place);
    /// Tensors that live in the activation buffer are seen when they have been written: others come there.
    void keep_residents(const QuantizedNode& node);
    void collect_outputs(std::size_t batch);

    const SimulationInput& input_;
    tlm_utils::simple_initiator_socket<Npu> host_{"host"};
    Scratchpad weight_buffer_;
    Scratchpad activation_buffer_;
    std::vector<AccumulatorSlot> accumulators_;
    std::unique_ptr<Memory> memory_;
    ArrayData array_data_;
    std::unique_ptr<Machine> machine_;
    CurrentLayer current_;
    RunResult result_;
    std::vector<DataCounters> data_counters_;                                      ///< of each layer, over all batches
    std::map<std::pair<TensorId, std::int64_t>, std::vector<std::int32_t>> kept_;  ///< residents, by place in the batch
    bool finished_ = false;
    unsigned layer_number_ = kNoNumber;
    std::size_t layers_done_ = 0;
};

}  // namespace npusim::sim
