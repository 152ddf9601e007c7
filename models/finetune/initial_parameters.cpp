#include <cmath>
#include <numbers>

#include "npusim/models/finetune/training_run.h"
#include "npusim/workloads/datasets/counter_random.h"

namespace npusim {
namespace {

double uniform(CounterRandom& random) {
    constexpr double kOne = 0x1p-53;
    return static_cast<double>(random.bits() >> 11U) * kOne;
}

/// Box and Muller's transform; one of its two numbers.
double normal(CounterRandom& random) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform(random)));
    return radius * std::cos(2.0 * std::numbers::pi * uniform(random));
}

std::int64_t elements_behind(const std::vector<std::int64_t>& shape, std::size_t first) {
    std::int64_t count = 1;
    for (std::size_t i = first; i < shape.size(); ++i) count *= shape[i];
    return count;
}

Tensor initial_tensor(const Node& node, const ParameterSpec& spec, std::uint64_t seed, std::uint64_t number) {
    CounterRandom random{seed, number};
    Tensor tensor{spec.shape, std::vector<float>(static_cast<std::size_t>(elements_behind(spec.shape, 0)))};
    const bool is_weight = spec.shape.size() > 1;
    if (!is_weight) {
        const bool is_one =
            spec.name.ends_with(".running_var") || (node.op == OpKind::batch_norm && spec.name.ends_with(".weight"));
        tensor.values.assign(tensor.values.size(), is_one ? 1.0F : 0.0F);
        return tensor;
    }
    const auto fan_in = static_cast<double>(elements_behind(spec.shape, 1));
    const double deviation = node.op == OpKind::linear ? std::sqrt(1.0 / (3.0 * fan_in)) : std::sqrt(2.0 / fan_in);
    for (float& value : tensor.values) value = static_cast<float>(deviation * normal(random));
    return tensor;
}

}  // namespace

Parameters initial_parameters(const Network& network, std::uint64_t seed) {
    Parameters parameters;
    std::uint64_t number = 0;
    for (const auto& node : network.nodes) {
        if (node.training_only) continue;
        for (const auto& spec : parameters_of(network, node)) {
            parameters[spec.name] = initial_tensor(node, spec, seed, number++);
        }
    }
    return parameters;
}

}  // namespace npusim
