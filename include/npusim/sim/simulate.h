// Runs a program on the SystemC machine. SystemC elaborates once in a process: a process can call this once.
#pragma once

#include <filesystem>
#include <functional>

#include "npusim/arch/arch_spec.h"
#include "npusim/sim/run_result.h"
#include "npusim/sim/timeline.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim {

/// How the machine is simulated; cycles, counters and integers are the same.
enum class Detail {
    transaction,     ///< a command at once, by its dataflow's formula
    register_level,  ///< cycle by cycle, PE by PE, burst by burst: slow
};

struct SimulationInput {
    const QuantizedNetwork& network;
    const ArchSpec& arch;
    const Program& program;
    /// Quantized images (C, H, W), run batch by batch with their data, the last batch with those that are left; empty:
    /// timing only. The network must have weights where there are images.
    std::vector<std::vector<std::int32_t>> images;
    /// Called after each layer of each batch with the number of layers done; may be empty.
    std::function<void(std::size_t layers_done)> progress;
    /// Called for each image after its batch, with all tensors as the machine left them (C, H, W); may be empty.
    std::function<void(std::size_t image, const std::vector<std::vector<std::int32_t>>& tensors)> observe_tensors;
    /// Called after each layer of each batch that is counted with what every unit did in it; empty costs nothing.
    std::function<void(const LayerTimeline& layer)> observe_layer{};
    /// A VCD file of the units' states and the tokens' counts, in which a nanosecond is a cycle; empty: none.
    std::filesystem::path waveform{};
    Detail detail = Detail::transaction;
};

/// Counters of a batch: of the first, or of the second where weights stay on chip, which the first one loads (with
/// data: overflows and zero activations summed over all images). Throws std::logic_error on a second call in one
/// process, or when the program deadlocks, InputError when the waveform cannot be written.
[[nodiscard]] RunResult simulate(const SimulationInput& input);

}  // namespace npusim
