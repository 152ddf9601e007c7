// A network in integers: fused nodes, stored tensors with bits and steps, and every constant the machine needs.
// With weights it can be computed; without (structure only) it can still be lowered and timed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "npusim/models/graph/network.h"
#include "npusim/models/quantization/precision.h"

namespace npusim {

/// Index into QuantizedNetwork::tensors.
using TensorId = std::size_t;

/// A stored activation tensor of one image: real value = step · integer. One graph tensor may be stored twice, at
/// residual_bits for adds and at fewer bits for convolutions.
struct QuantizedTensor {
    std::string name;
    TensorShape shape;
    int bits = 8;
    bool is_signed = false;
    double step = 0.0;  ///< 0 without calibration
    [[nodiscard]] IntegerRange range() const { return activation_range(bits, is_signed); }
};

/// A range of channels of a tensor: concatenation is storage, not work.
struct TensorView {
    TensorId tensor = 0;
    std::int64_t channel_begin = 0;
    std::int64_t channels = 0;
    friend bool operator==(const TensorView&, const TensorView&) = default;
};

enum class QuantizedOp {
    convolution,   ///< also linear: a window over the whole map
    max_pool,      ///< padding never wins
    average_pool,  ///< the sum of the window (padding is 0); the divisor is in the requantizer's multiplier
    /// out(c, y, x) = in(c − channels_before, y·stride, x·stride), 0 where that channel does not exist
    slice_pad,
    elementwise,  ///< the input itself: batch norm that no convolution can take, ReLU, an add
};

[[nodiscard]] std::string_view name_of(QuantizedOp op);

/// Where a node's result goes. A node may have several destinations; each is requantized from the accumulator.
struct Destination {
    TensorId tensor = 0;
    std::int64_t channel_begin = 0;
    /// One per output channel; empty without weights or calibration.
    std::vector<ChannelRequantizer> channels;
};

struct QuantizedNode {
    std::string name;  ///< of the graph node that does the main work
    QuantizedOp op = QuantizedOp::elementwise;
    TensorView input;
    /// Added to the accumulator before the one rounding; has the output's shape.
    std::optional<TensorView> residual;
    TensorShape input_shape;   ///< of the view
    TensorShape output_shape;  ///< of one destination
    Window window;             ///< convolution, pooling, slice_pad (stride)
    std::int64_t groups = 1;
    /// average_pool: window (y, x) starts at ⌊y·H/OH⌋, ⌊x·W/OW⌋ (adaptive pooling with uniform windows).
    bool adaptive = false;
    std::int64_t channels_before = 0;  ///< slice_pad
    /// Results below 0 become 0 in every destination.
    bool relu = false;
    int weight_bits = 0;
    int input_bits = 0;  ///< bits of the input tensor
    bool input_signed = false;
    /// [output channel][input channel / groups][kernel y][kernel x]; empty without weights.
    std::vector<std::int16_t> weights;
    std::vector<Destination> destinations;

    [[nodiscard]] std::int64_t reduction_size() const;  ///< K of a convolution: input channels/groups · kernel area
    [[nodiscard]] std::int64_t macs() const;            ///< 0 unless a convolution
};

struct QuantizedNetwork {
    std::string name;
    PrecisionSpec precision;
    /// Sums wrap at this width in two's complement.
    int accumulator_bits = 31;
    std::vector<QuantizedTensor> tensors;  ///< tensor 0 is the input image
    std::vector<QuantizedNode> nodes;      ///< in evaluation order
    TensorId output = 0;                   ///< the logits: 16 bits, signed
    [[nodiscard]] bool has_weights() const;
    [[nodiscard]] std::int64_t weight_count() const;
    [[nodiscard]] std::int64_t weight_bits_total() const;  ///< Σ weights · their bits
};

/// Input coordinate where the window of output coordinate `at` begins (may be negative: padding).
[[nodiscard]] std::int64_t window_begin(std::int64_t at, std::int64_t stride, std::int64_t pad, bool adaptive,
                                        std::int64_t input_extent, std::int64_t output_extent);

/// What a node's accumulators can reach: the lowest and the highest sum that its weights allow or, without weights,
/// that the operands' widths allow.
struct AccumulatorBound {
    std::int64_t largest_magnitude = 0;
    int safe_bits = 0;  ///< the narrowest two's complement width that cannot overflow
};
[[nodiscard]] AccumulatorBound accumulator_bound(const QuantizedNetwork& network, const QuantizedNode& node);

/// Checks what every user relies on: ids, views, shapes, bits, ranges of weights and shifts, order. Throws
/// InputError naming the node.
void validate(const QuantizedNetwork& network);

}  // namespace npusim
