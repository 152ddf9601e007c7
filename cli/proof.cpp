#include "cli/proof.h"

#include <algorithm>
#include <stdexcept>

#include "npusim/models/engine/integer_engine.h"
#include "npusim/sim/simulate.h"
#include "npusim/workloads/lowering/lower.h"

namespace npusim::cli {
namespace {

/// Says where the machine's tensors of an image leave the engine's, in evaluation order.
std::string first_difference(const QuantizedNetwork& network, const IntegerEngine& engine,
                             const std::vector<std::int32_t>& image, const IntegerImages& machine) {
    const auto expected = engine.run_all(image);
    for (const QuantizedNode& node : network.nodes) {
        for (const Destination& destination : node.destinations) {
            const std::size_t id = destination.tensor;
            if (machine[id].empty() || machine[id] == expected[id].values) continue;
            return "; first differing tensor: " + network.tensors[id].name + ", written by " + node.name;
        }
    }
    return "";
}

void compare(std::size_t image, const std::vector<std::int32_t>& machine, const std::vector<std::int32_t>& engine,
             const std::string& where) {
    if (machine == engine) return;
    const auto sizes = std::min(machine.size(), engine.size());
    const auto at = static_cast<std::size_t>(
        std::mismatch(machine.begin(), machine.begin() + static_cast<std::ptrdiff_t>(sizes), engine.begin()).first -
        machine.begin());
    const auto value = [at](const auto& logits) { return at < logits.size() ? std::to_string(logits[at]) : "none"; };
    throw std::runtime_error("machine and engine differ: image " + std::to_string(image) + ", logit " +
                             std::to_string(at) + ": machine " + value(machine) + ", engine " + value(engine) + where);
}

void compare_timing(const RunResult& timing, const RunResult& with_data) {
    if (with_data.total.total_cycles == timing.total.total_cycles) return;
    throw std::runtime_error(
        "the machine's cycles depend on the data: " + std::to_string(with_data.total.total_cycles) + " with, " +
        std::to_string(timing.total.total_cycles) + " without");
}

}  // namespace

std::int64_t affordable_images(std::int64_t macs) {
    constexpr std::int64_t affordable_macs = 200'000'000;
    constexpr std::int64_t most_images = 2;
    return std::clamp<std::int64_t>(affordable_macs / std::max<std::int64_t>(macs, 1), 1, most_images);
}

Proof prove(const QuantizedNetwork& network, const ArchSpec& arch, const IntegerImages& images, const RunResult& timing,
            const std::function<void(std::size_t, const IntegerImages&)>& observe, Progress& progress) {
    progress.begin("machine with data");
    // A batch has no images that nobody asked for.
    const std::int64_t batch = std::min<std::int64_t>(timing.batch, std::ssize(images));
    const Program program = lower(network, arch, batch);
    const IntegerEngine engine(network);
    const auto steps = static_cast<double>(program.layers.size() * images.size());
    std::vector<std::string> differences(images.size());
    SimulationInput input{network, arch, program, images, {}, {}};
    std::size_t image_done = 0;
    input.progress = [&](std::size_t layers) {
        progress.update(static_cast<double>(image_done * program.layers.size() + layers) / steps);
    };
    input.observe_tensors = [&](std::size_t image, const IntegerImages& tensors) {
        differences[image] = first_difference(network, engine, images[image], tensors);
        if (observe) observe(image, tensors);
        image_done = image + 1;
    };
    const RunResult result = simulate(input);
    for (std::size_t image = 0; image < images.size(); ++image) {
        compare(image, result.logits.at(image), engine.run(images[image]), differences[image]);
    }
    if (batch == timing.batch) compare_timing(timing, result);
    Proof proof;
    proof.images = std::ssize(images);
    proof.accumulator_overflows = result.total.accumulator_overflows;
    proof.zero_activation_macs = result.total.zero_activation_macs;
    proof.macs = result.total.macs / static_cast<std::uint64_t>(batch) * images.size();
    return proof;
}

}  // namespace npusim::cli
