#include "npusim/models/engine/float_executor.h"

#include <algorithm>

#include "float_operators.h"
#include "npusim/base/error.h"
#include "slot_planner.h"

namespace npusim {

namespace {

struct Workspace {
    std::vector<std::vector<float>> slots;
    std::vector<float> columns;
};

}  // namespace

struct FloatExecutor::Impl {
    Impl(Network network_in, const Parameters& all) : network(std::move(network_in)), slot_of(network.nodes.size()) {
        node_parameters.resize(network.nodes.size());
        for (NodeId id = 0; id < network.nodes.size(); ++id) {
            const Node& node = network.nodes[id];
            if (node.training_only) continue;
            for (const auto& spec : parameters_of(network, node)) {
                if (const auto at = all.find(spec.name); at != all.end()) parameters.insert(*at);
            }
            node_parameters[id] = find_parameters(network, node, parameters);
        }
        plan_memory();
    }

    void plan_memory() {
        const std::vector<NodeId> last = last_readers(network);
        SlotPlanner planner;
        for (NodeId id = 0; id < network.nodes.size(); ++id) {
            const Node& node = network.nodes[id];
            if (node.training_only) continue;
            const bool in_place = may_run_in_place(node.op) && last[node.inputs[0]] == id;
            slot_of[id] = in_place ? slot_of[node.inputs[0]] : planner.take(node.shape.elements());
            std::vector<NodeId> dead = node.inputs;
            std::sort(dead.begin(), dead.end());
            dead.erase(std::unique(dead.begin(), dead.end()), dead.end());
            for (const NodeId from : dead) {
                if (last[from] == id && !(in_place && from == node.inputs[0])) planner.give_back(slot_of[from]);
            }
            if (last[id] == id) planner.give_back(slot_of[id]);
        }
        slot_elements = planner.slot_elements();
    }

    std::vector<float> run(std::span<const float> image, const Observer* observe, Workspace& workspace) const {
        std::vector<const float*> inputs;
        for (NodeId id = 0; id < network.nodes.size(); ++id) {
            const Node& node = network.nodes[id];
            if (node.training_only) continue;
            float* out = workspace.slots[slot_of[id]].data();
            if (node.op == OpKind::input) {
                std::copy(image.begin(), image.end(), out);
            } else {
                inputs.clear();
                for (const NodeId from : node.inputs) inputs.push_back(workspace.slots[slot_of[from]].data());
                compute_node(network, node, node_parameters[id], inputs, out, workspace.columns);
            }
            if (observe != nullptr) (*observe)(id, {out, static_cast<std::size_t>(node.shape.elements())});
        }
        const float* logits = workspace.slots[slot_of[network.output]].data();
        return {logits, logits + network.node(network.output).shape.elements()};
    }

    std::vector<float> run(std::span<const float> image, const Observer* observe) {
        if (static_cast<std::int64_t>(image.size()) != network.input_shape().elements()) {
            throw InputError(
                network.name, "image",
                std::to_string(image.size()) + " values, needs " + std::to_string(network.input_shape().elements()));
        }
        return pool.use(
            [&] {
                return Workspace{allocate_slots(slot_elements), {}};
            },
            [&](Workspace& workspace) { return run(image, observe, workspace); });
    }

    Network network;
    Parameters parameters;
    std::vector<NodeParameters> node_parameters;
    std::vector<std::size_t> slot_of;  ///< by node
    std::vector<std::int64_t> slot_elements;
    WorkspacePool<Workspace> pool;
};

FloatExecutor::FloatExecutor(const Network& network, const Parameters& parameters)
    : impl_(std::make_unique<Impl>(network, parameters)) {}
FloatExecutor::~FloatExecutor() = default;
FloatExecutor::FloatExecutor(FloatExecutor&&) noexcept = default;

std::vector<float> FloatExecutor::run(std::span<const float> image) const {
    return impl_->run(image, nullptr);
}

std::vector<float> FloatExecutor::run(std::span<const float> image, const Observer& observe) const {
    return impl_->run(image, &observe);
}

}  // namespace npusim
