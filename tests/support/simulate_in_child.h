// Simulations for tests: SystemC elaborates once in a process, so each runs in a forked child.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "npusim/models/quantization/reference.h"
#include "npusim/sim/simulate.h"
#include "npusim/sweeps/worker.h"
#include "npusim/workloads/lowering/lower.h"

namespace npusim::test {

using Image = std::vector<std::int32_t>;

/// Where the machine's tensors differ from `expected`, first difference only; empty when they are equal.
inline std::string difference(const QuantizedNetwork& network, const std::vector<IntegerTensor>& expected,
                              const std::vector<Image>& tensors) {
    for (TensorId id = 0; id < expected.size(); ++id) {
        const Image& wanted = expected[id].values;
        const Image& got = tensors.at(id);
        const auto place = "tensor " + std::to_string(id) + " (" + network.tensors[id].name + ")";
        if (got.size() != wanted.size()) return place + " has another size";
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (got[i] == wanted[i]) continue;
            return place + " at " + std::to_string(i) + ": machine " + std::to_string(got[i]) + ", expected " +
                   std::to_string(wanted[i]);
        }
    }
    return {};
}

/// Runs images with their data in this process and throws std::runtime_error unless every tensor of each image equals
/// `expected_of(image)`.
inline RunResult simulate_and_compare(const QuantizedNetwork& network, const ArchSpec& arch, const Program& program,
                                      const std::vector<Image>& images,
                                      const std::function<std::vector<IntegerTensor>(const Image&)>& expected_of,
                                      Detail detail = Detail::transaction,
                                      const std::function<void(const LayerTimeline&)>& observe_layer = {}) {
    std::string problem;
    SimulationInput input{network, arch, program, images, {}, {}};
    input.detail = detail;
    input.observe_layer = observe_layer;
    input.observe_tensors = [&](std::size_t image, const std::vector<Image>& tensors) {
        if (problem.empty()) problem = difference(network, expected_of(images[image]), tensors);
    };
    RunResult result = simulate(input);
    if (!problem.empty()) throw std::runtime_error(problem);
    return result;
}

/// Timing of a program, or its run with images, in a child.
inline RunResult simulate_in_child(const QuantizedNetwork& network, const ArchSpec& arch, const Program& program,
                                   const std::vector<Image>& images = {}) {
    const auto outcomes = run_in_workers({[&](const FractionSink&) {
        return simulate({network, arch, program, images, {}, {}});
    }});
    return result_or_throw(outcomes.front());
}

/// Lowers and times.
inline RunResult time_in_child(const QuantizedNetwork& network, const ArchSpec& arch) {
    return simulate_in_child(network, arch, lower(network, arch));
}

}  // namespace npusim::test
