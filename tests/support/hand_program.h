// One layer whose commands a test writes by hand, on a small machine whose times are easy to add up: a cycle is 1 ns,
// the bus moves 8 bytes a cycle in bursts of 8, DRAM answers after 100 cycles, the array has 4 × 4 PEs.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "npusim/sweeps/result_json.h"
#include "support/simulate_in_child.h"

namespace npusim::test {

inline ArchSpec hand_arch() {
    ArchSpec arch;
    arch.name = "hand";
    arch.clock_mhz = 1000;
    arch.array.rows = arch.array.columns = 4;
    arch.array.accumulator_bits = 32;
    arch.array.overlap_weight_load = false;
    arch.weight_buffer = arch.activation_buffer = arch.accumulator_buffer = {65536, 2, 1024};
    arch.double_buffering = false;
    arch.vector_unit = {4, 4};
    arch.dram.bandwidth_mb_s = 8000;
    arch.dram.latency_ns = 100;
    arch.dram.burst_bytes = 8;
    return arch;
}

/// Input of 4 × 10 pixels (tensor 0) and output of 4 × 5 pixels (tensor 1), 4 channels of 8 bits each.
class HandProgram {
public:
    explicit HandProgram(ArchSpec arch) : arch_(std::move(arch)) {
        network_.tensors = {{"in", {4, 4, 10}, 8, false, 0}, {"out", {4, 4, 5}, 8, false, 0}};
        network_.nodes.resize(1);
        network_.nodes[0].op = QuantizedOp::convolution;
        network_.output = 1;
        program_.layouts = {{0, {4, 4, 10}, 8, false, 4}, {4096, {4, 4, 5}, 8, false, 4}};
        program_.layers.resize(1);
        program_.layers[0].slots = arch_.double_buffering ? 2 : 1;
    }

    HandProgram& weights(std::int64_t bytes, std::vector<Token> waits, std::vector<Token> posts,
                         std::uint64_t address = 8192) {
        LoadCommand load;
        load.kind = LoadKind::weights;
        load.weight_bytes = bytes;
        load.dram_address = address;
        return add(load, std::move(waits), std::move(posts));
    }
    /// `rows` rows of the input, 40 bytes each.
    HandProgram& inputs(std::int64_t rows, std::vector<Token> waits, std::vector<Token> posts) {
        LoadCommand load;
        load.region = {0, rows, 0, 10, 0, 4};
        return add(load, std::move(waits), std::move(posts));
    }
    HandProgram& array(ArrayWork work, std::vector<Token> waits, std::vector<Token> posts) {
        ArrayCommand command;
        command.work = work;
        network_.nodes[0].weight_bits = static_cast<int>(work.weight_slices) * work.weight_slice_bits;
        network_.nodes[0].input_bits = static_cast<int>(work.activation_slices) * work.activation_slice_bits;
        return add(command, std::move(waits), std::move(posts));
    }
    HandProgram& vector(VectorWork work, std::vector<Token> waits, std::vector<Token> posts) {
        VectorCommand command;
        command.output_addresses.assign(work.output_bits.size(), 0);
        auto& destinations = network_.nodes[0].destinations;
        destinations.resize(std::max(destinations.size(), work.output_bits.size()), {1, 0, {}});
        if (work.has_residual) network_.nodes[0].residual.emplace();
        command.work = std::move(work);
        return add(command, std::move(waits), std::move(posts));
    }
    /// `rows` rows of the output, 20 bytes each.
    HandProgram& store(std::int64_t rows, std::vector<Token> waits, std::vector<Token> posts) {
        StoreCommand command;
        command.tensor = 1;
        command.region = {0, rows, 0, 5, 0, 4};
        return add(command, std::move(waits), std::move(posts));
    }

    /// At both levels of detail: a schedule by hand holds both. Throws where they differ, or one fails.
    [[nodiscard]] Counters run() const {
        const RunResult fast = run_at(Detail::transaction);
        const auto changes = nlohmann::json::diff(to_json(fast), to_json(run_at(Detail::register_level)));
        if (!changes.empty()) throw std::logic_error("the levels of detail differ: " + changes.dump());
        return fast.total;
    }
    [[nodiscard]] RunResult run_at(Detail detail) const {
        const auto outcomes = run_in_workers({[&](const FractionSink&) {
            SimulationInput input{network_, arch_, program_, {}, {}, {}};
            input.detail = detail;
            return simulate(input);
        }});
        return result_or_throw(outcomes.front());
    }

    [[nodiscard]] const ArchSpec& arch() const { return arch_; }
    [[nodiscard]] const QuantizedNetwork& network() const { return network_; }
    [[nodiscard]] const Program& program() const { return program_; }

private:
    template <typename Work>
    HandProgram& add(Work work, std::vector<Token> waits, std::vector<Token> posts) {
        Command& command = program_.layers[0].commands.emplace_back();
        command.work = std::move(work);
        command.waits = std::move(waits);
        command.posts = std::move(posts);
        return *this;
    }

    ArchSpec arch_;
    QuantizedNetwork network_;
    Program program_;
};

/// T pixels through one fold of 4 × 4 8-bit weights: 2·4 + 4 + T − 2 cycles without overlap.
inline ArrayWork one_fold(std::int64_t pixels, bool accumulates = false) {
    return {pixels, 4, 4, 1, 1, 1, 8, 8, 1, 1, accumulates};
}

/// P pixels of 4 channels from the accumulators: P + 3 cycles.
inline VectorWork requantization(std::int64_t pixels) {
    VectorWork work;
    work.pixels = pixels;
    work.channels = 4;
    work.reads_accumulators = true;
    work.output_bits = {8};
    return work;
}

}  // namespace npusim::test
