// Runs a program on the SystemC machine. SystemC elaborates once in a process: a process can call this once.
#pragma once

#include <functional>

#include "npusim/arch/arch_spec.h"
#include "npusim/sim/run_result.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim {

struct SimulationInput {
    const QuantizedNetwork& network;
    const ArchSpec& arch;
    const Program& program;
    /// Quantized images (C, H, W), run one after the other with their data; empty: timing only. The network must
    /// then have weights.
    std::vector<std::vector<std::int32_t>> images;
    /// Called after each layer of each image with the number of layers done; may be empty.
    std::function<void(std::size_t layers_done)> progress;
    /// Called after each image with all tensors as the machine left them in DRAM (C, H, W); may be empty.
    std::function<void(std::size_t image, const std::vector<std::vector<std::int32_t>>& tensors)> observe_tensors;
};

/// Counters of the first image (with data: overflows and zero activations summed over all images). Throws
/// std::logic_error on a second call in one process, or when the program deadlocks.
[[nodiscard]] RunResult simulate(const SimulationInput& input);

}  // namespace npusim
