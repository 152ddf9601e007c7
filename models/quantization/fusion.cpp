#include "npusim/models/quantization/fusion.h"

#include <algorithm>
#include <utility>

#include "npusim/base/error.h"

namespace npusim {
namespace {

class Fuser {
public:
    explicit Fuser(const Network& network)
        : network_(network), consumers_(network.nodes.size()), runs_(network.nodes.size(), false) {
        // Only what the output needs runs: neither the auxiliary head nor branches that lead nowhere.
        runs_[network.output] = true;
        for (NodeId id = network.output + 1; id-- > 0;) {
            if (!runs_[id]) continue;
            for (const NodeId from : network.nodes[id].inputs) {
                runs_[from] = true;
                consumers_[from].push_back(id);
            }
        }
        fused_.assign(network.nodes.size(), false);
        graph_.value_of.resize(network.nodes.size());
    }

    FusedGraph run() {
        for (NodeId id = 0; id < network_.nodes.size(); ++id) graph_.value_of[id] = id;
        for (NodeId id = 1; id < network_.nodes.size(); ++id) {
            if (runs_[id] && !fused_[id]) visit(id);
        }
        if (graph_.stages.empty()) throw InputError("network " + network_.name, "", "computes nothing");
        // A stage whose residual is computed later than its own convolution waits for it.
        std::stable_sort(graph_.stages.begin(), graph_.stages.end(),
                         [](const Stage& a, const Stage& b) { return a.last < b.last; });
        for (auto& stage : graph_.stages) {
            stage.input = graph_.value_of[stage.input];
            if (stage.residual) stage.residual = graph_.value_of[*stage.residual];
        }
        graph_.output = graph_.value_of[network_.output];
        return std::move(graph_);
    }

private:
    void visit(NodeId id) {
        const Node& node = network_.node(id);
        switch (node.op) {
            case OpKind::input:
                return;
            case OpKind::flatten:
            case OpKind::dropout:
                graph_.value_of[id] = graph_.value_of[node.inputs[0]];
                return;
            case OpKind::adaptive_average_pool:
                // Pooling to the size that is there changes nothing (VGG at 224 px).
                if (node.shape == network_.node(node.inputs[0]).shape) {
                    graph_.value_of[id] = graph_.value_of[node.inputs[0]];
                } else {
                    add_stage(id, false);
                }
                return;
            case OpKind::concat:
                add_concat(id);
                return;
            case OpKind::conv2d:
            case OpKind::linear:
                add_stage(id, true);
                return;
            case OpKind::average_pool:
                check_average_pool(node, network_.node(node.inputs[0]).shape);
                add_stage(id, false);
                return;
            default:
                add_stage(id, false);
                return;
        }
    }

    /// The requantizer's multiplier holds one divisor, so every window must count the same number of elements.
    /// The machine divides every sum by the whole window.
    void check_average_pool(const Node& node, const TensorShape& in) const {
        const Window& w = node.window;
        const bool padded = w.pad_top + w.pad_left + w.pad_bottom + w.pad_right > 0;
        const bool hangs_over =
            (node.shape.height - 1) * w.stride_height + w.kernel_height > in.height + w.pad_top + w.pad_bottom ||
            (node.shape.width - 1) * w.stride_width + w.kernel_width > in.width + w.pad_left + w.pad_right;
        if (hangs_over || (padded && !w.count_include_pad)) {
            throw InputError("network " + network_.name, node.name,
                             "average pooling that leaves padding, or what hangs over it in ceil mode, out of the "
                             "divisor is not supported");
        }
    }

    void add_concat(NodeId id) {
        FusedGraph::Concat concat{id, {}};
        for (const NodeId from : network_.node(id).inputs) {
            const NodeId part = graph_.value_of[from];
            const auto nested = std::find_if(graph_.concats.begin(), graph_.concats.end(),
                                             [&](const auto& other) { return other.value == part; });
            if (nested == graph_.concats.end()) {
                concat.parts.push_back(part);
            } else {
                concat.parts.insert(concat.parts.end(), nested->parts.begin(), nested->parts.end());
            }
        }
        graph_.concats.push_back(std::move(concat));
    }

    /// The only consumer of `id`, if it is of kind `op` and not taken.
    [[nodiscard]] std::optional<NodeId> sole_consumer(NodeId id, OpKind op) const {
        if (consumers_[id].size() != 1 || id == network_.output) return std::nullopt;
        const NodeId next = consumers_[id].front();
        if (network_.node(next).op != op || fused_[next]) return std::nullopt;
        return next;
    }

    void add_stage(NodeId id, bool has_accumulator) {
        const Node& node = network_.node(id);
        Stage stage;
        stage.main = id;
        stage.input = node.inputs[0];
        stage.last = id;
        stage.relu = node.op == OpKind::relu;
        if (node.op == OpKind::batch_norm) stage.batch_norm = id;
        if (node.op == OpKind::add) stage.residual = node.inputs[1];
        if (has_accumulator) {
            if (const auto next = sole_consumer(stage.last, OpKind::batch_norm)) {
                stage.batch_norm = take(*next, stage);
            }
            if (const auto next = sole_consumer(stage.last, OpKind::add)) fuse_add(*next, stage);
        }
        if (!stage.relu) {
            if (const auto next = sole_consumer(stage.last, OpKind::relu)) {
                take(*next, stage);
                stage.relu = true;
            }
        }
        graph_.value_of[stage.main] = stage.last;
        graph_.value_of[stage.last] = stage.last;
        graph_.stages.push_back(stage);
    }

    NodeId take(NodeId next, Stage& stage) {
        fused_[next] = true;
        graph_.value_of[stage.last] = next;
        stage.last = next;
        return next;
    }

    /// Where both operands come from convolutions, the one that stands first in the graph takes the add.
    void fuse_add(NodeId add, Stage& stage) {
        const auto& inputs = network_.node(add).inputs;
        if (inputs[0] == inputs[1]) return;
        stage.residual = inputs[0] == stage.last ? inputs[1] : inputs[0];
        take(add, stage);
    }

    const Network& network_;
    std::vector<std::vector<NodeId>> consumers_;
    std::vector<bool> runs_;
    std::vector<bool> fused_;
    FusedGraph graph_;
};

}  // namespace

FusedGraph fuse(const Network& network) {
    return Fuser(network).run();
}

}  // namespace npusim
