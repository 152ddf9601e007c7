// Decides which tensors are stored, at how many bits, and where each value's channels lie.
#pragma once

#include <map>
#include <set>
#include <utility>

#include "npusim/models/quantization/fusion.h"
#include "npusim/models/quantization/quantized_network.h"
#include "npusim/models/quantization/quantizer.h"

namespace npusim {

/// The bits of logits: enough that no two classes are confused by their quantization.
constexpr int kLogitBits = 16;

class Storage {
public:
    /// `range_of` may be empty: steps stay 0.
    Storage(const Network& network, const FusedGraph& graph, const PrecisionSpec& precision, const RangeOf& range_of);

    [[nodiscard]] const std::vector<QuantizedTensor>& tensors() const { return tensors_; }
    /// Where a stage writes its value: one place for each stored version and concatenation.
    [[nodiscard]] const std::vector<TensorView>& places_of(NodeId value) const { return places_.at(value); }
    /// The stored version that a stage reads as its input, or as its residual.
    [[nodiscard]] TensorView input_of(const Stage& stage) const;
    [[nodiscard]] TensorView residual_of(const Stage& stage) const;

private:
    void mark_signs();
    void collect_demands();
    void place_concats();
    void place_values();
    [[nodiscard]] int input_bits_demanded(const Stage& stage) const;
    [[nodiscard]] int stored_bits(NodeId value, int bits) const;
    /// The node whose fp32 values give the step: pooling by maximum and slicing keep their source's.
    [[nodiscard]] NodeId range_source(NodeId value) const;
    TensorId add_tensor(NodeId value, int bits, NodeId range_node);
    [[nodiscard]] TensorView find(NodeId value, int bits) const;

    const Network& network_;
    const FusedGraph& graph_;
    NodeId scores_;
    const PrecisionSpec& precision_;
    const RangeOf& range_of_;
    std::vector<bool> is_signed_;
    std::map<NodeId, const Stage*> stage_of_;
    std::map<NodeId, std::set<int>> demands_;
    std::map<NodeId, std::vector<TensorView>> places_;
    std::map<std::pair<NodeId, int>, TensorView> versions_;
    std::vector<QuantizedTensor> tensors_;
};

/// The value of the layer that gives the scores: the output, or what average pooling behind the last convolution makes
/// the output of (SqueezeNet).
[[nodiscard]] NodeId scores_of(const Network& network, const FusedGraph& graph);

/// Is the stage a convolution (or linear) on the array?
[[nodiscard]] bool uses_array(const Network& network, const Stage& stage);

}  // namespace npusim
