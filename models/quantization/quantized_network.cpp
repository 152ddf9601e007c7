#include "npusim/models/quantization/quantized_network.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <span>

#include "npusim/base/error.h"
#include "npusim/base/integer_math.h"

namespace npusim {

std::string_view name_of(QuantizedOp op) {
    switch (op) {
        case QuantizedOp::convolution:
            return "convolution";
        case QuantizedOp::max_pool:
            return "max_pool";
        case QuantizedOp::average_pool:
            return "average_pool";
        case QuantizedOp::slice_pad:
            return "slice_pad";
        case QuantizedOp::elementwise:
            return "elementwise";
    }
    return "";
}

std::int64_t QuantizedNode::reduction_size() const {
    return input_shape.channels / groups * window.kernel_height * window.kernel_width;
}

std::int64_t QuantizedNode::macs() const {
    return op == QuantizedOp::convolution ? output_shape.elements() * reduction_size() : 0;
}

bool QuantizedNetwork::has_weights() const {
    return std::all_of(nodes.begin(), nodes.end(), [](const QuantizedNode& node) {
        const bool weighted = node.op != QuantizedOp::convolution || !node.weights.empty();
        return weighted && std::none_of(node.destinations.begin(), node.destinations.end(),
                                        [](const Destination& to) { return to.channels.empty(); });
    });
}

std::int64_t QuantizedNetwork::weight_count() const {
    std::int64_t count = 0;
    for (const auto& node : nodes) {
        if (node.op == QuantizedOp::convolution) count += node.output_shape.channels * node.reduction_size();
    }
    return count;
}

std::int64_t QuantizedNetwork::weight_bits_total() const {
    std::int64_t bits = 0;
    for (const auto& node : nodes) {
        if (node.op != QuantizedOp::convolution) continue;
        bits += node.output_shape.channels * node.reduction_size() * node.weight_bits;
    }
    return bits;
}

std::int64_t window_begin(std::int64_t at, std::int64_t stride, std::int64_t pad, bool adaptive,
                          std::int64_t input_extent, std::int64_t output_extent) {
    return adaptive ? at * input_extent / output_extent : at * stride - pad;
}

namespace {

/// Sums between which an accumulator stays, at every step of the sum and with any part of the window in the padding,
/// because 0 lies in every activation range.
IntegerRange sum_range(std::span<const std::int16_t> weights, IntegerRange activations) {
    IntegerRange sum;
    for (const std::int64_t weight : weights) {
        sum.low += std::min(weight * activations.low, weight * activations.high);
        sum.high += std::max(weight * activations.low, weight * activations.high);
    }
    return sum;
}

IntegerRange accumulator_range(const QuantizedNode& node) {
    const IntegerRange input = activation_range(node.input_bits, node.input_signed);
    if (node.op == QuantizedOp::average_pool) {
        const std::int64_t count = node.window.kernel_height * node.window.kernel_width;
        return {count * input.low, count * input.high};
    }
    if (node.op != QuantizedOp::convolution) return input;
    const std::int64_t depth = node.reduction_size();
    if (node.weights.empty()) {
        const std::int64_t most = depth * signed_range(node.weight_bits).high * std::max(-input.low, input.high);
        return {-most, most};
    }
    IntegerRange widest;
    const std::span<const std::int16_t> weights(node.weights);
    for (std::int64_t channel = 0; channel < node.output_shape.channels; ++channel) {
        const auto begin = static_cast<std::size_t>(channel * depth);
        const IntegerRange sum = sum_range(weights.subspan(begin, static_cast<std::size_t>(depth)), input);
        widest = {std::min(widest.low, sum.low), std::max(widest.high, sum.high)};
    }
    return widest;
}

}  // namespace

AccumulatorBound accumulator_bound(const QuantizedNetwork&, const QuantizedNode& node) {
    const IntegerRange range = accumulator_range(node);
    // −2^(b−1) still fits into b bits: the bits of −low−1 count, not those of −low.
    const std::int64_t below = range.low < 0 ? -range.low - 1 : 0;
    const auto magnitude = static_cast<std::uint64_t>(std::max(below, range.high));
    return {std::max(-range.low, range.high), static_cast<int>(std::bit_width(magnitude)) + 1};
}

namespace {

/// acc·multiplier + residual·residual_multiplier + bias must stay below 2^62.
constexpr int kMaxAccumulatorBits = 47;
constexpr int kMaxShift = 48;
constexpr std::int64_t kMaxBias = (std::int64_t{1} << 60) - 1;

bool is_allowed_width(int bits) {
    return (bits >= 1 && bits <= 8) || bits == 16;
}

/// Collects every problem of a network, in the order of its nodes.
class NetworkChecker {
public:
    explicit NetworkChecker(const QuantizedNetwork& network) : network_(network) {}
    std::vector<std::string> check();

private:
    void note(std::string_view place, const std::string& what) {
        problems_.push_back(network_.name + ": " + std::string(place) + ": " + what);
    }
    void note_if(bool wrong, std::string_view place, const std::string& what) {
        if (wrong) note(place, what);
    }
    void check_tensors();
    bool check_view(const QuantizedNode& node, const TensorView& view, const TensorShape& shape, const char* role);
    void check_node(const QuantizedNode& node);
    void check_geometry(const QuantizedNode& node);
    void check_window(const QuantizedNode& node);
    void check_weights(const QuantizedNode& node);
    void check_destination(const QuantizedNode& node, const Destination& destination);
    void check_requantizers(const QuantizedNode& node, const Destination& destination);

    const QuantizedNetwork& network_;
    bool has_numbers_ = false;
    std::vector<std::vector<bool>> written_;  ///< [tensor][channel]
    std::vector<std::string> problems_;
};

void NetworkChecker::check_tensors() {
    for (const auto& tensor : network_.tensors) {
        const auto& [channels, height, width] = tensor.shape;
        note_if(channels < 1 || height < 1 || width < 1, tensor.name, "has an empty shape");
        const bool is_fp32 = tensor.bits == 32 && !has_numbers_;
        note_if(!is_allowed_width(tensor.bits) && !is_fp32, tensor.name,
                "has " + std::to_string(tensor.bits) + " bits; allowed are 1 to 8 and 16");
        note_if(!(tensor.step >= 0), tensor.name, "has a step that is not positive");
        written_.emplace_back(static_cast<std::size_t>(std::max<std::int64_t>(channels, 0)), false);
    }
}

bool NetworkChecker::check_view(const QuantizedNode& node, const TensorView& view, const TensorShape& shape,
                                const char* role) {
    if (view.tensor >= network_.tensors.size()) {
        note(node.name, std::string(role) + " names tensor " + std::to_string(view.tensor) + ", which does not exist");
        return false;
    }
    const auto& tensor = network_.tensors[view.tensor];
    const std::int64_t end = view.channel_begin + view.channels;
    if (view.channel_begin < 0 || view.channels < 1 || end > tensor.shape.channels) {
        note(node.name, std::string(role) + " takes channels " + std::to_string(view.channel_begin) + " to " +
                            std::to_string(end) + " of " + tensor.name + ", which has " +
                            std::to_string(tensor.shape.channels));
        return false;
    }
    const TensorShape viewed{view.channels, tensor.shape.height, tensor.shape.width};
    note_if(viewed != shape, node.name, std::string(role) + " does not have the shape of " + tensor.name);
    return true;
}

void NetworkChecker::check_window(const QuantizedNode& node) {
    const Window& w = node.window;
    const bool positive = w.kernel_height > 0 && w.kernel_width > 0 && w.stride_height > 0 && w.stride_width > 0 &&
                          w.dilation_height > 0 && w.dilation_width > 0;
    const bool padded_right = w.pad_top >= 0 && w.pad_left >= 0 && w.pad_bottom >= 0 && w.pad_right >= 0;
    if (!positive || !padded_right) {
        note(node.name, "has a window with a kernel, stride or dilation below 1 or a padding below 0");
        return;
    }
    const TensorShape& in = node.input_shape;
    const TensorShape& out = node.output_shape;
    const auto height = window_output(in.height, w.kernel_height, w.stride_height, w.dilation_height,
                                      w.pad_top + w.pad_bottom, w.ceil_mode, node.name);
    const auto width = window_output(in.width, w.kernel_width, w.stride_width, w.dilation_width,
                                     w.pad_left + w.pad_right, w.ceil_mode, node.name);
    note_if(height != out.height || width != out.width, node.name,
            "gives " + std::to_string(height) + "x" + std::to_string(width) + " by its window, not " +
                std::to_string(out.height) + "x" + std::to_string(out.width));
    if (node.op != QuantizedOp::max_pool) return;
    const bool begins_inside =
        w.pad_top <= w.dilation_height * (w.kernel_height - 1) && w.pad_left <= w.dilation_width * (w.kernel_width - 1);
    const bool ends_inside = (out.height - 1) * w.stride_height - w.pad_top < in.height &&
                             (out.width - 1) * w.stride_width - w.pad_left < in.width;
    note_if(!begins_inside || !ends_inside, node.name, "has a pooling window that lies in the padding altogether");
}

void NetworkChecker::check_geometry(const QuantizedNode& node) {
    const TensorShape& in = node.input_shape;
    const TensorShape& out = node.output_shape;
    const Window& w = node.window;
    if (node.adaptive) {
        const auto uniform = [](std::int64_t extent, std::int64_t outputs, std::int64_t kernel) {
            return outputs > 0 && (extent % outputs == 0 || outputs % extent == 0) &&
                   kernel == std::max<std::int64_t>(1, extent / outputs);
        };
        note_if(node.op != QuantizedOp::average_pool, node.name, "is adaptive but no average pooling");
        note_if(!uniform(in.height, out.height, w.kernel_height) || !uniform(in.width, out.width, w.kernel_width),
                node.name, "has adaptive windows that are not uniform");
    } else if (node.op == QuantizedOp::slice_pad) {
        const bool fits = w.stride_height > 0 && w.stride_width > 0 &&
                          out.height == ceil_div(in.height, w.stride_height) &&
                          out.width == ceil_div(in.width, w.stride_width);
        note_if(!fits, node.name, "has a slice that does not give its output's height and width");
        note_if(node.channels_before < 0 || node.channels_before + in.channels > out.channels, node.name,
                "has copied channels outside its output");
    } else if (node.op == QuantizedOp::elementwise) {
        note_if(in != out, node.name, "is elementwise, but input and output have different shapes");
    } else {
        check_window(node);
    }
    const bool keeps_channels = node.op == QuantizedOp::max_pool || node.op == QuantizedOp::average_pool;
    note_if(keeps_channels && in.channels != out.channels, node.name, "pools, but changes the number of channels");
}

void NetworkChecker::check_weights(const QuantizedNode& node) {
    if (node.groups < 1 || node.input_shape.channels % node.groups != 0 ||
        node.output_shape.channels % node.groups != 0) {
        note(node.name, "has " + std::to_string(node.groups) + " groups, which do not divide its channels");
        return;
    }
    const bool is_fp32 = node.weight_bits == 32 && !has_numbers_;
    if (!is_allowed_width(node.weight_bits) && !is_fp32) {
        note(node.name, "has weights of " + std::to_string(node.weight_bits) + " bits; allowed are 1 to 8 and 16");
        return;
    }
    if (node.weights.empty()) return;
    const std::int64_t expected = node.output_shape.channels * node.reduction_size();
    note_if(static_cast<std::int64_t>(node.weights.size()) != expected, node.name,
            "has " + std::to_string(node.weights.size()) + " weights, needs " + std::to_string(expected));
    const IntegerRange range = signed_range(node.weight_bits);
    const auto outside = std::find_if(node.weights.begin(), node.weights.end(), [&](std::int16_t weight) {
        return weight < range.low || weight > range.high || (node.weight_bits == 1 && weight == 0);
    });
    note_if(outside != node.weights.end(), node.name,
            "has a weight that " + std::to_string(node.weight_bits) + " bits do not hold");
}

void NetworkChecker::check_requantizers(const QuantizedNode& node, const Destination& destination) {
    const auto count = static_cast<std::int64_t>(destination.channels.size());
    if (count == 0) return;
    note_if(count != node.output_shape.channels, node.name,
            "has " + std::to_string(count) + " requantizers for " + std::to_string(node.output_shape.channels) +
                " channels");
    constexpr std::int32_t most = (1 << (kMultiplierBits - 1)) - 1;
    for (const auto& channel : destination.channels) {
        const bool fits = channel.multiplier >= -most - 1 && channel.multiplier <= most && channel.shift >= 0 &&
                          channel.shift <= kMaxShift && channel.bias >= -kMaxBias && channel.bias <= kMaxBias;
        if (fits) continue;
        note(node.name, "has a multiplier, bias or shift outside 16 bits, 2^60 and 0 to 48");
        return;
    }
}

void NetworkChecker::check_destination(const QuantizedNode& node, const Destination& destination) {
    const TensorView view{destination.tensor, destination.channel_begin, node.output_shape.channels};
    if (!check_view(node, view, node.output_shape, "a destination")) return;
    note_if(view.tensor == 0, node.name, "writes the input image");
    auto& written = written_[view.tensor];
    for (std::int64_t i = 0; i < view.channels; ++i) {
        const auto channel = static_cast<std::size_t>(view.channel_begin + i);
        if (written[channel]) {
            note(node.name, "writes channel " + std::to_string(channel) + " of " + network_.tensors[view.tensor].name +
                                " a second time");
            return;
        }
        written[channel] = true;
    }
    check_requantizers(node, destination);
}

void NetworkChecker::check_node(const QuantizedNode& node) {
    const auto is_written = [&](const TensorView& view) {
        const auto begin = written_[view.tensor].begin() + view.channel_begin;
        return std::all_of(begin, begin + view.channels, [](bool written) { return written; });
    };
    if (check_view(node, node.input, node.input_shape, "the input")) {
        const auto& tensor = network_.tensors[node.input.tensor];
        note_if(!is_written(node.input), node.name, "reads channels of " + tensor.name + " before they are written");
        note_if(node.input_bits != tensor.bits || node.input_signed != tensor.is_signed, node.name,
                "has other input bits or sign than " + tensor.name);
        check_geometry(node);
    }
    if (node.residual && check_view(node, *node.residual, node.output_shape, "the residual")) {
        note_if(!is_written(*node.residual), node.name, "reads its residual before it is written");
    }
    if (node.op == QuantizedOp::convolution) {
        check_weights(node);
    } else {
        note_if(!node.weights.empty(), node.name, "has weights but is no convolution");
    }
    note_if(node.destinations.empty(), node.name, "has no destination");
    for (const auto& destination : node.destinations) check_destination(node, destination);
}

std::vector<std::string> NetworkChecker::check() {
    has_numbers_ = network_.has_weights();
    note_if(network_.tensors.empty(), "tensors", "there is none");
    note_if(network_.output >= network_.tensors.size(), "output", "names a tensor that does not exist");
    note_if(network_.accumulator_bits < 2 || network_.accumulator_bits > kMaxAccumulatorBits, "accumulator_bits",
            std::to_string(network_.accumulator_bits) + " is not within 2 to 47");
    if (!problems_.empty()) return problems_;
    check_tensors();
    if (!problems_.empty()) return problems_;
    written_.front().assign(written_.front().size(), true);
    for (const auto& node : network_.nodes) check_node(node);
    for (TensorId id = 0; id < written_.size() && problems_.empty(); ++id) {
        const bool complete = std::all_of(written_[id].begin(), written_[id].end(), [](bool one) { return one; });
        note_if(!complete, network_.tensors[id].name, "has channels that no node writes");
    }
    return problems_;
}

}  // namespace

void validate(const QuantizedNetwork& network) {
    const auto problems = NetworkChecker(network).check();
    if (!problems.empty()) throw InputError(problems);
}

}  // namespace npusim
