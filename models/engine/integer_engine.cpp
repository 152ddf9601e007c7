#include "npusim/models/engine/integer_engine.h"

#include <algorithm>
#include <optional>

#include "integer_convolution.h"
#include "integer_operators.h"
#include "npusim/base/error.h"
#include "pooling.h"
#include "slot_planner.h"

namespace npusim {

namespace {

/// Where every tensor lies.
struct MemoryPlan {
    std::vector<std::size_t> slot_of;  ///< by tensor
    std::vector<std::int64_t> slot_elements;
};

struct Workspace {
    std::vector<std::vector<float>> slots;
    AccumulatorScratch scratch;
};

MemoryPlan separate_memory(const QuantizedNetwork& network) {
    MemoryPlan plan;
    for (TensorId id = 0; id < network.tensors.size(); ++id) {
        plan.slot_of.push_back(id);
        plan.slot_elements.push_back(network.tensors[id].shape.elements());
    }
    return plan;
}

/// Tensors share memory when one is read for the last time before the other is written for the first time.
MemoryPlan shared_memory(const QuantizedNetwork& network) {
    const std::size_t count = network.tensors.size();
    std::vector<std::size_t> last_use(count, 0);
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        const auto& node = network.nodes[i];
        last_use[node.input.tensor] = i;
        if (node.residual) last_use[node.residual->tensor] = i;
        for (const auto& to : node.destinations) last_use[to.tensor] = i;
    }
    last_use[network.output] = network.nodes.size();
    MemoryPlan plan{std::vector<std::size_t>(count), {}};
    SlotPlanner planner;
    std::vector<bool> placed(count, false);
    const auto place = [&](TensorId id) {
        if (!placed[id]) plan.slot_of[id] = planner.take(network.tensors[id].shape.elements());
        placed[id] = true;
    };
    place(0);
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        for (const auto& to : network.nodes[i].destinations) place(to.tensor);
        for (TensorId id = 0; id < count; ++id) {
            if (placed[id] && last_use[id] == i) planner.give_back(plan.slot_of[id]);
        }
    }
    plan.slot_elements = planner.slot_elements();
    return plan;
}

}  // namespace

struct IntegerEngine::Impl {
    explicit Impl(const QuantizedNetwork& network_in) : network(network_in) {
        if (!network.has_weights()) {
            throw InputError(network.name, "", "has no weights or requantizers, so that it cannot be computed");
        }
        validate(network);
        for (const auto& node : network.nodes) {
            auto& convolution = convolutions.emplace_back();
            if (node.op == QuantizedOp::convolution) convolution.emplace(network, node);
        }
        compact = shared_memory(network);
    }

    [[nodiscard]] Workspace make_workspace(const MemoryPlan& plan) const {
        return {allocate_slots(plan.slot_elements), {}};
    }

    Accumulators accumulate(std::size_t index, const float* input, AccumulatorScratch& scratch) const {
        const QuantizedNode& node = network.nodes[index];
        if (node.op == QuantizedOp::convolution) return convolutions[index]->run(input, scratch);
        if (node.op == QuantizedOp::average_pool) return sum_windows(node, input, scratch);
        if (node.op == QuantizedOp::elementwise) return {input, nullptr};
        const auto elements = static_cast<std::size_t>(node.output_shape.elements());
        scratch.float_sums.resize(std::max(scratch.float_sums.size(), elements));
        float* out = scratch.float_sums.data();
        if (node.op == QuantizedOp::max_pool) {
            max_pool(node.input_shape, node.output_shape, node.window, input, out);
        } else {
            slice_pad(node.input_shape, node.output_shape, node.window.stride_height, node.window.stride_width,
                      node.channels_before, input, out);
        }
        return {out, nullptr};
    }

    void check_image(std::span<const std::int32_t> image) const {
        const QuantizedTensor& input = network.tensors.front();
        if (static_cast<std::int64_t>(image.size()) != input.shape.elements()) {
            throw InputError(network.name, "image",
                             std::to_string(image.size()) + " values, needs " + std::to_string(input.shape.elements()));
        }
        const IntegerRange range = input.range();
        const auto [low, high] = std::minmax_element(image.begin(), image.end());
        if (*low >= range.low && *high <= range.high) return;
        throw InputError(network.name, "image",
                         "a value of " + std::to_string(*low < range.low ? *low : *high) + ", allowed are " +
                             std::to_string(range.low) + " to " + std::to_string(range.high));
    }

    /// Computes all tensors into the workspace, which `plan` belongs to.
    void run(std::span<const std::int32_t> image, const MemoryPlan& plan, Workspace& workspace) const {
        check_image(image);
        const auto channel_of = [&](TensorId tensor, std::int64_t channel) {
            const TensorShape& shape = network.tensors[tensor].shape;
            return workspace.slots[plan.slot_of[tensor]].data() + channel * shape.height * shape.width;
        };
        std::transform(image.begin(), image.end(), channel_of(0, 0),
                       [](std::int32_t value) { return static_cast<float>(value); });
        for (std::size_t i = 0; i < network.nodes.size(); ++i) {
            const QuantizedNode& node = network.nodes[i];
            const float* input = channel_of(node.input.tensor, node.input.channel_begin);
            const Accumulators accumulators = accumulate(i, input, workspace.scratch);
            const float* residual = nullptr;
            if (node.residual) residual = channel_of(node.residual->tensor, node.residual->channel_begin);
            for (const Destination& to : node.destinations) {
                requantize_channels(node, to, network.tensors[to.tensor].range(), network.precision.rounding,
                                    accumulators, residual, channel_of(to.tensor, to.channel_begin));
            }
        }
    }

    [[nodiscard]] std::vector<std::int32_t> integers_of(TensorId tensor, const MemoryPlan& plan,
                                                        const Workspace& workspace) const {
        const float* values = workspace.slots[plan.slot_of[tensor]].data();
        std::vector<std::int32_t> integers(static_cast<std::size_t>(network.tensors[tensor].shape.elements()));
        std::transform(values, values + integers.size(), integers.begin(),
                       [](float value) { return static_cast<std::int32_t>(value); });
        return integers;
    }

    const QuantizedNetwork& network;
    std::vector<std::optional<IntegerConvolution>> convolutions;  ///< by node
    MemoryPlan compact;
    WorkspacePool<Workspace> pool;
};

IntegerEngine::IntegerEngine(const QuantizedNetwork& network) : impl_(std::make_unique<Impl>(network)) {}
IntegerEngine::~IntegerEngine() = default;
IntegerEngine::IntegerEngine(IntegerEngine&&) noexcept = default;

std::vector<std::int32_t> IntegerEngine::run(std::span<const std::int32_t> image) const {
    return impl_->pool.use([&] { return impl_->make_workspace(impl_->compact); },
                           [&](Workspace& workspace) {
                               impl_->run(image, impl_->compact, workspace);
                               return impl_->integers_of(impl_->network.output, impl_->compact, workspace);
                           });
}

std::vector<IntegerTensor> IntegerEngine::run_all(std::span<const std::int32_t> image) const {
    const MemoryPlan plan = separate_memory(impl_->network);
    Workspace workspace = impl_->make_workspace(plan);
    impl_->run(image, plan, workspace);
    std::vector<IntegerTensor> tensors;
    for (TensorId id = 0; id < impl_->network.tensors.size(); ++id) {
        tensors.push_back({impl_->network.tensors[id].shape, impl_->integers_of(id, plan, workspace)});
    }
    return tensors;
}

std::vector<std::int32_t> quantize_image(const QuantizedNetwork& network, std::span<const float> image) {
    const QuantizedTensor& input = network.tensors.at(0);
    if (!(input.step > 0)) throw InputError(network.name, input.name, "has no step: the network is not calibrated");
    std::vector<std::int32_t> integers(image.size());
    std::transform(image.begin(), image.end(), integers.begin(), [&](float value) {
        const auto integer = quantize(double{value}, input.step, input.range(), network.precision.rounding);
        return static_cast<std::int32_t>(integer);
    });
    return integers;
}

}  // namespace npusim
