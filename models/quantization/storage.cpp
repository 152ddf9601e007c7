#include "storage.h"

#include <algorithm>
#include <cmath>

namespace npusim {

bool uses_array(const Network& network, const Stage& stage) {
    const OpKind op = network.node(stage.main).op;
    return op == OpKind::conv2d || op == OpKind::linear;
}

NodeId scores_of(const Network& network, const FusedGraph& graph) {
    NodeId value = graph.output;
    // Inputs of a stage stand before it.
    for (auto stage = graph.stages.rbegin(); stage != graph.stages.rend(); ++stage) {
        const OpKind op = network.node(stage->main).op;
        const bool pools = op == OpKind::average_pool || op == OpKind::adaptive_average_pool;
        if (stage->last == value && pools) value = stage->input;
    }
    const auto last_layer = std::find_if(graph.stages.begin(), graph.stages.end(), [&](const Stage& stage) {
        return stage.last == value && uses_array(network, stage);
    });
    return last_layer != graph.stages.end() ? value : graph.output;
}

Storage::Storage(const Network& network, const FusedGraph& graph, const PrecisionSpec& precision,
                 const RangeOf& range_of)
    : network_(network), graph_(graph), scores_(scores_of(network, graph)), precision_(precision), range_of_(range_of) {
    for (const auto& stage : graph_.stages) stage_of_[stage.last] = &stage;
    mark_signs();
    collect_demands();
    const int image_bits = stored_bits(0, precision_.input_bits);
    versions_[{0, image_bits}] = {add_tensor(0, image_bits, 0), 0, network_.input_shape().channels};
    place_concats();
    place_values();
}

/// Without a ReLU a value may be negative; pooling, slicing and concatenation keep their sources' signs.
void Storage::mark_signs() {
    is_signed_.assign(network_.nodes.size(), true);
    std::map<NodeId, const FusedGraph::Concat*> concat_of;
    for (const auto& concat : graph_.concats) concat_of[concat.value] = &concat;
    for (NodeId id = 1; id < network_.nodes.size(); ++id) {
        if (const auto found = concat_of.find(id); found != concat_of.end()) {
            const auto& parts = found->second->parts;
            is_signed_[id] = std::any_of(parts.begin(), parts.end(), [&](NodeId part) { return is_signed_[part]; });
        }
        const auto found = stage_of_.find(id);
        if (found == stage_of_.end()) continue;
        const Stage& stage = *found->second;
        const OpKind op = network_.node(stage.main).op;
        const bool keeps_sign = op == OpKind::max_pool || op == OpKind::average_pool ||
                                op == OpKind::adaptive_average_pool || op == OpKind::slice_pad;
        is_signed_[id] = !stage.relu && !(keeps_sign && !is_signed_[stage.input]);
    }
}

int Storage::stored_bits(NodeId value, int bits) const {
    if (value == 0) bits = precision_.input_bits;
    // Signed one-bit integers have no zero, which padding and ReLU need.
    return is_signed_[value] ? std::max(bits, 2) : bits;
}

int Storage::input_bits_demanded(const Stage& stage) const {
    if (uses_array(network_, stage)) {
        const auto own = precision_.layers.find(network_.node(stage.main).name);
        if (own != precision_.layers.end()) return own->second.activation_bits;
        return stage.last == scores_ ? precision_.first_last_bits : precision_.activation_bits;
    }
    if (network_.node(stage.main).op == OpKind::max_pool) {
        // The maximum of a tensor serves every version that is wanted of it.
        const auto found = demands_.find(stage.last);
        return found == demands_.end() ? precision_.activation_bits : *found->second.rbegin();
    }
    return precision_.residual_bits;
}

void Storage::collect_demands() {
    demands_[graph_.output] = {kLogitBits};
    const auto demand = [&](NodeId value, int bits) { demands_[value].insert(stored_bits(value, bits)); };
    // From the back, so that what is wanted of a pooled or concatenated value is known before its sources.
    for (NodeId id = network_.nodes.size(); id-- > 0;) {
        for (const auto& concat : graph_.concats) {
            if (concat.value != id) continue;
            for (const NodeId part : concat.parts) {
                for (const int bits : demands_[id]) demands_[part].insert(bits);
            }
        }
        const auto found = stage_of_.find(id);
        if (found == stage_of_.end()) continue;
        demand(found->second->input, input_bits_demanded(*found->second));
        if (found->second->residual) demand(*found->second->residual, precision_.residual_bits);
    }
}

NodeId Storage::range_source(NodeId value) const {
    const auto found = stage_of_.find(value);
    if (found == stage_of_.end()) return value;
    const OpKind op = network_.node(found->second->main).op;
    const bool keeps_values = op == OpKind::max_pool || op == OpKind::slice_pad;
    return keeps_values ? range_source(found->second->input) : value;
}

TensorId Storage::add_tensor(NodeId value, int bits, NodeId range_node) {
    QuantizedTensor tensor;
    tensor.name = network_.node(value).name + ":" + std::to_string(bits);
    tensor.shape = network_.node(value).shape;
    tensor.bits = bits;
    tensor.is_signed = is_signed_[value];
    if (range_of_) {
        const double magnitude = range_of_(range_node, bits).magnitude;
        const auto high = static_cast<double>(tensor.range().high);
        // A tensor that was always zero may have any step.
        tensor.step = magnitude > 0 ? magnitude / high : 1.0;
        if (precision_.scales == ScaleKind::power_of_two) tensor.step = std::exp2(std::ceil(std::log2(tensor.step)));
    }
    tensors_.push_back(tensor);
    return tensors_.size() - 1;
}

/// Every version of a concatenation is one tensor that its parts write into. A concatenation that is the beginning
/// of a later one (dense blocks) is a view of it.
void Storage::place_concats() {
    struct Placed {
        const FusedGraph::Concat* concat;
        int bits;
        TensorId tensor;
    };
    std::vector<Placed> placed;
    for (auto concat = graph_.concats.rbegin(); concat != graph_.concats.rend(); ++concat) {
        for (const int bits : demands_[concat->value]) {
            const std::int64_t channels = network_.node(concat->value).shape.channels;
            const auto longer = std::find_if(placed.begin(), placed.end(), [&](const Placed& other) {
                const auto& parts = other.concat->parts;
                return other.bits == bits && parts.size() >= concat->parts.size() &&
                       std::equal(concat->parts.begin(), concat->parts.end(), parts.begin());
            });
            if (longer != placed.end()) {
                versions_[{concat->value, bits}] = {longer->tensor, 0, channels};
                continue;
            }
            const TensorId tensor = add_tensor(concat->value, bits, concat->value);
            placed.push_back({&*concat, bits, tensor});
            versions_[{concat->value, bits}] = {tensor, 0, channels};
            std::int64_t offset = 0;
            for (const NodeId part : concat->parts) {
                const TensorView view{tensor, offset, network_.node(part).shape.channels};
                places_[part].push_back(view);
                versions_.try_emplace({part, bits}, view);
                offset += view.channels;
            }
        }
    }
}

void Storage::place_values() {
    for (const auto& stage : graph_.stages) {
        for (const int bits : demands_[stage.last]) {
            if (versions_.contains({stage.last, bits})) continue;
            const TensorId tensor = add_tensor(stage.last, bits, range_source(stage.last));
            const TensorView view{tensor, 0, network_.node(stage.last).shape.channels};
            places_[stage.last].push_back(view);
            versions_[{stage.last, bits}] = view;
        }
    }
}

TensorView Storage::find(NodeId value, int bits) const {
    return versions_.at({value, stored_bits(value, bits)});
}

TensorView Storage::input_of(const Stage& stage) const {
    return find(stage.input, input_bits_demanded(stage));
}

TensorView Storage::residual_of(const Stage& stage) const {
    return find(*stage.residual, precision_.residual_bits);
}

}  // namespace npusim
