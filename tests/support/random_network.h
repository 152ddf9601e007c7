// Random valid quantized networks with weights, and images for them. The same options give the same network on every
// system: only the generator of the standard library is used, not its distributions.
#pragma once

#include <algorithm>
#include <bit>
#include <random>
#include <utility>
#include <vector>

#include "npusim/base/integer_math.h"
#include "npusim/models/quantization/quantized_network.h"

namespace npusim::test {

struct RandomNetworkOptions {
    std::uint64_t seed = 0;
    int nodes = 6;  ///< at most two more are made: the second half of a concatenation, and the last linear layer
    std::int64_t max_channels = 12;
    std::int64_t max_extent = 11;
    std::int64_t max_kernel = 4;
    std::int64_t max_classes = 12;
    std::vector<int> weight_bits{1, 2, 3, 4, 5, 6, 7, 8, 16};
    std::vector<int> activation_bits{1, 2, 3, 4, 5, 6, 7, 8, 16};
    /// Drawn evenly; name one twice to see it more often.
    std::vector<QuantizedOp> ops{QuantizedOp::convolution,  QuantizedOp::convolution, QuantizedOp::max_pool,
                                 QuantizedOp::average_pool, QuantizedOp::slice_pad,   QuantizedOp::elementwise};
    std::vector<Rounding> roundings{Rounding::half_up, Rounding::half_even, Rounding::half_away,
                                    Rounding::double_rounding};
    bool signed_activations = true;  ///< besides unsigned ones; the image is always signed
    bool groups = true;
    bool dilation = true;
    bool asymmetric_padding = true;
    bool ceil_mode = true;
    bool adaptive_pooling = true;
    bool residuals = true;
    bool several_destinations = true;
    bool concatenation = true;  ///< destinations and inputs that are a part of a tensor's channels
    bool ends_in_linear = true;
    /// Half of the networks get an accumulator so narrow that sums wrap; the others one that holds every sum.
    bool narrow_accumulators = true;
};

class RandomNetworkMaker {
public:
    explicit RandomNetworkMaker(const RandomNetworkOptions& options) : options_(options), generator_(options.seed) {}

    [[nodiscard]] QuantizedNetwork make() {
        network_.name = "random " + std::to_string(options_.seed);
        network_.precision.rounding = pick(options_.roundings);
        const std::int64_t channels = below(options_.max_channels) + 1;
        add_tensor({channels, below(options_.max_extent) + 1, below(options_.max_extent) + 1}, true);
        for (int i = 0; i < options_.nodes; ++i) add_node(pick(options_.ops));
        if (options_.ends_in_linear) add_linear();
        network_.output = network_.tensors.size() - 1;
        choose_accumulator();
        return std::move(network_);
    }

    /// Integers of an image, over the whole range of tensor 0.
    [[nodiscard]] std::vector<std::int32_t> image(const QuantizedNetwork& network) {
        const QuantizedTensor& input = network.tensors.front();
        std::vector<std::int32_t> values(static_cast<std::size_t>(input.shape.elements()));
        for (auto& value : values) {
            value = static_cast<std::int32_t>(between(input.range().low, input.range().high));
            if (input.bits == 1 && input.is_signed && value == 0) value = 1;
        }
        return values;
    }

private:
    std::int64_t below(std::int64_t end) {
        return static_cast<std::int64_t>(generator_() % static_cast<std::uint64_t>(end));
    }
    std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
    bool chance(int percent) { return below(100) < percent; }
    template <typename T>
    T pick(const std::vector<T>& choices) {
        return choices[static_cast<std::size_t>(below(static_cast<std::int64_t>(choices.size())))];
    }

    TensorId add_tensor(const TensorShape& shape, bool is_signed) {
        const std::string name = "tensor" + std::to_string(network_.tensors.size());
        network_.tensors.push_back({name, shape, pick(options_.activation_bits), is_signed, 0.0625});
        return network_.tensors.size() - 1;
    }

    /// Some channels of a tensor.
    TensorView view_of(TensorId tensor, std::int64_t channels) {
        return {tensor, below(network_.tensors[tensor].shape.channels - channels + 1), channels};
    }

    /// A node of the op that reads a random view of a random tensor; its output shape is set.
    QuantizedNode read_something(QuantizedOp op) {
        QuantizedNode node;
        node.op = op;
        // The newest tensors are read most, so that the network becomes deep.
        const auto newest = static_cast<std::int64_t>(network_.tensors.size()) - 1;
        const auto tensor = static_cast<TensorId>(std::max<std::int64_t>(0, newest - below(3)));
        const QuantizedTensor& read = network_.tensors[tensor];
        const bool part = options_.concatenation && chance(30);
        node.input = view_of(tensor, part ? between(1, read.shape.channels) : read.shape.channels);
        node.input_shape = {node.input.channels, read.shape.height, read.shape.width};
        node.input_bits = read.bits;
        node.input_signed = read.is_signed;
        node.output_shape = node.input_shape;
        return node;
    }

    /// Kernel, stride, dilation and padding along one axis, such that at least one window fits.
    struct Axis {
        std::int64_t kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;
    };
    Axis draw_axis(std::int64_t extent, bool pools) {
        Axis axis;
        axis.kernel = between(1, std::min(options_.max_kernel, extent));
        axis.stride = between(1, 3);
        const bool dilated = options_.dilation && !pools && axis.kernel > 1 && chance(30);
        if (dilated) axis.dilation = between(1, std::max<std::int64_t>(1, (extent - 1) / (axis.kernel - 1)));
        const std::int64_t most = pools ? axis.kernel / 2 : axis.dilation * (axis.kernel - 1);
        axis.before = between(0, most);
        axis.after = options_.asymmetric_padding ? between(0, most) : axis.before;
        return axis;
    }

    void draw_window(QuantizedNode& node) {
        const bool pools = node.op != QuantizedOp::convolution;
        const Axis y = draw_axis(node.input_shape.height, pools);
        const Axis x = draw_axis(node.input_shape.width, pools);
        // With one padding on each side ceil mode keeps torch's promise that every window touches the map.
        const bool ceil_mode = options_.ceil_mode && pools && y.before == y.after && x.before == x.after && chance(50);
        node.window = {y.kernel, x.kernel, y.stride, x.stride, y.dilation, x.dilation,
                       y.before, x.before, y.after,  x.after,  ceil_mode,  true};
        node.output_shape.height = outputs(node.input_shape.height, y, ceil_mode);
        node.output_shape.width = outputs(node.input_shape.width, x, ceil_mode);
    }

    static std::int64_t outputs(std::int64_t extent, const Axis& axis, bool ceil_mode) {
        return window_output(extent, axis.kernel, axis.stride, axis.dilation, axis.before + axis.after, ceil_mode,
                             "random");
    }

    /// Padding after the map may still make a last window of a pooling lie in it altogether: it is taken away.
    static void keep_windows_on_map(QuantizedNode& node) {
        Window& w = node.window;
        const TensorShape& in = node.input_shape;
        if ((node.output_shape.height - 1) * w.stride_height - w.pad_top >= in.height) --node.output_shape.height;
        if ((node.output_shape.width - 1) * w.stride_width - w.pad_left >= in.width) --node.output_shape.width;
        const auto after = [](std::int64_t windows, std::int64_t stride, std::int64_t kernel, std::int64_t begin,
                              std::int64_t extent) {
            return std::max<std::int64_t>(0, (windows - 1) * stride + kernel - begin - extent);
        };
        if (w.ceil_mode) return;
        w.pad_bottom = after(node.output_shape.height, w.stride_height, w.kernel_height, w.pad_top, in.height);
        w.pad_right = after(node.output_shape.width, w.stride_width, w.kernel_width, w.pad_left, in.width);
        node.output_shape.height =
            outputs(in.height, {w.kernel_height, w.stride_height, 1, w.pad_top, w.pad_bottom}, false);
        node.output_shape.width =
            outputs(in.width, {w.kernel_width, w.stride_width, 1, w.pad_left, w.pad_right}, false);
    }

    void draw_adaptive_window(QuantizedNode& node) {
        const auto draw = [&](std::int64_t extent, std::int64_t& kernel) {
            std::int64_t windows = between(1, extent);
            while (extent % windows != 0) --windows;
            if (chance(20)) windows = 2 * extent;
            kernel = std::max<std::int64_t>(1, extent / windows);
            return windows;
        };
        node.adaptive = true;
        node.output_shape.height = draw(node.input_shape.height, node.window.kernel_height);
        node.output_shape.width = draw(node.input_shape.width, node.window.kernel_width);
    }

    void draw_geometry(QuantizedNode& node) {
        const TensorShape& in = node.input_shape;
        if (node.op == QuantizedOp::slice_pad) {
            node.window.stride_height = between(1, 2);
            node.window.stride_width = between(1, 2);
            node.channels_before = below(4);
            node.output_shape = {node.channels_before + in.channels + below(4),
                                 ceil_div(in.height, node.window.stride_height),
                                 ceil_div(in.width, node.window.stride_width)};
        } else if (node.op == QuantizedOp::average_pool && options_.adaptive_pooling && chance(40)) {
            draw_adaptive_window(node);
        } else if (node.op != QuantizedOp::elementwise) {
            draw_window(node);
            if (node.op != QuantizedOp::convolution) keep_windows_on_map(node);
        }
        if (node.op == QuantizedOp::convolution) draw_channels(node);
    }

    void draw_channels(QuantizedNode& node) {
        node.output_shape.channels = between(1, options_.max_channels);
        if (!options_.groups || !chance(40)) return;
        std::int64_t groups = between(1, node.input_shape.channels);
        while (node.input_shape.channels % groups != 0) --groups;
        node.groups = groups;
        node.output_shape.channels = groups * between(1, std::max<std::int64_t>(1, options_.max_channels / groups));
    }

    void draw_weights(QuantizedNode& node) {
        if (node.op != QuantizedOp::convolution) return;
        node.weight_bits = pick(options_.weight_bits);
        const IntegerRange range = signed_range(node.weight_bits);
        node.weights.resize(static_cast<std::size_t>(node.output_shape.channels * node.reduction_size()));
        const bool extreme = chance(15);
        for (auto& weight : node.weights) {
            std::int64_t value = extreme ? (chance(50) ? range.low : range.high) : between(range.low, range.high);
            if (node.weight_bits == 1 && value == 0) value = -1;
            weight = static_cast<std::int16_t>(value);
        }
    }

    void draw_residual(QuantizedNode& node) {
        if (!options_.residuals || !chance(50)) return;
        std::vector<TensorId> fitting;
        for (TensorId id = 0; id < network_.tensors.size(); ++id) {
            const TensorShape& shape = network_.tensors[id].shape;
            if (shape.channels >= node.output_shape.channels && shape.height == node.output_shape.height &&
                shape.width == node.output_shape.width) {
                fitting.push_back(id);
            }
        }
        if (!fitting.empty()) node.residual = view_of(pick(fitting), node.output_shape.channels);
    }

    /// Maps sums of `magnitude` to about the tensor's range, with ties, saturation, negative and no factors.
    ChannelRequantizer draw_requantizer(std::int64_t magnitude, const QuantizedNode& node, const QuantizedTensor& to) {
        ChannelRequantizer channel;
        channel.multiplier = static_cast<std::int32_t>(chance(40) ? 1 : between(1, (1 << (kMultiplierBits - 1)) - 1));
        if (chance(15)) channel.multiplier = -channel.multiplier;
        const auto bits_of = [](std::int64_t value) {
            return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value < 0 ? -value : value)));
        };
        const int scaled_bits = bits_of(magnitude) + bits_of(channel.multiplier);
        channel.shift = std::clamp(scaled_bits - to.bits - static_cast<int>(between(-1, 4)), 0, 48);
        if (chance(70)) {
            const std::int64_t most = (std::int64_t{1} << (channel.shift + to.bits)) / 2;
            channel.bias = between(-most, most);
        }
        if (node.residual) {
            const int residual_bits = network_.tensors[node.residual->tensor].bits;
            const int factor_bits = std::clamp(scaled_bits - residual_bits, 1, 31);
            const std::int64_t most = (std::int64_t{1} << factor_bits) - 1;
            channel.residual_multiplier = static_cast<std::int32_t>(between(chance(20) ? -most : 0, most));
        }
        return channel;
    }

    void add_destination(QuantizedNode& node, TensorId tensor, std::int64_t channel_begin) {
        Destination to{tensor, channel_begin, {}};
        const std::int64_t magnitude = accumulator_bound(network_, node).largest_magnitude;
        for (std::int64_t c = 0; c < node.output_shape.channels; ++c) {
            to.channels.push_back(draw_requantizer(magnitude, node, network_.tensors[tensor]));
        }
        node.destinations.push_back(std::move(to));
    }

    void finish_node(QuantizedNode& node) {
        draw_weights(node);
        draw_residual(node);
        node.relu = chance(40);
        node.name = "node" + std::to_string(network_.nodes.size());
    }

    void add_node(QuantizedOp op) {
        QuantizedNode node = read_something(op);
        draw_geometry(node);
        // The same geometry with weights of its own gives the second part of a concatenation.
        QuantizedNode second = node;
        const bool concatenated = options_.concatenation && chance(25);
        finish_node(node);
        TensorShape shape = node.output_shape;
        const std::int64_t first_channels = shape.channels;
        if (concatenated) shape.channels *= 2;
        const TensorId tensor = add_tensor(shape, options_.signed_activations && chance(50));
        const bool swapped = concatenated && chance(50);
        add_destination(node, tensor, swapped ? first_channels : 0);
        if (options_.several_destinations && chance(30)) {
            add_destination(node, add_tensor(node.output_shape, options_.signed_activations && chance(50)), 0);
        }
        network_.nodes.push_back(std::move(node));
        if (!concatenated) return;
        finish_second(second);
        add_destination(second, tensor, swapped ? 0 : first_channels);
        network_.nodes.push_back(std::move(second));
    }

    /// Without a residual: the newest tensors are not written yet in full.
    void finish_second(QuantizedNode& node) {
        draw_weights(node);
        node.relu = chance(40);
        node.name = "node" + std::to_string(network_.nodes.size());
    }

    void add_linear() {
        QuantizedNode node = read_something(QuantizedOp::convolution);
        node.window.kernel_height = node.input_shape.height;
        node.window.kernel_width = node.input_shape.width;
        node.output_shape = {between(1, options_.max_classes), 1, 1};
        draw_weights(node);
        node.name = "linear";
        const TensorId tensor = add_tensor(node.output_shape, true);
        network_.tensors[tensor].bits = 16;
        add_destination(node, tensor, 0);
        network_.nodes.push_back(std::move(node));
    }

    void choose_accumulator() {
        int safe_bits = 2;
        for (const auto& node : network_.nodes) {
            if (node.op != QuantizedOp::convolution) continue;
            safe_bits = std::max(safe_bits, accumulator_bound(network_, node).safe_bits);
        }
        const bool narrow = options_.narrow_accumulators && chance(50);
        network_.accumulator_bits = narrow ? std::max(2, safe_bits - static_cast<int>(between(1, 8))) : safe_bits;
    }

    RandomNetworkOptions options_;
    std::mt19937_64 generator_;
    QuantizedNetwork network_;
};

/// A network and an image for it.
inline std::pair<QuantizedNetwork, std::vector<std::int32_t>> random_network(const RandomNetworkOptions& options) {
    RandomNetworkMaker maker(options);
    QuantizedNetwork network = maker.make();
    std::vector<std::int32_t> image = maker.image(network);
    return {std::move(network), std::move(image)};
}

}  // namespace npusim::test
