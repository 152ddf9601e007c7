// The fp32 graph of a network: nodes in evaluation order, shapes of one image, names as torchvision gives them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace npusim {

/// Index of a node in Network::nodes.
using NodeId = std::size_t;

enum class OpKind {
    input,
    conv2d,
    batch_norm,
    relu,
    max_pool,
    average_pool,
    /// Uniform windows only: the input extent divides the output extent or the other way round.
    adaptive_average_pool,
    add,
    concat,
    flatten,
    linear,
    dropout,
    /// Option-A shortcut of the CIFAR ResNets: every stride-th pixel, zero channels added on both sides.
    slice_pad,
};

[[nodiscard]] std::string_view name_of(OpKind op);

/// Shape of one image's activation; after `flatten` height and width are 1.
struct TensorShape {
    std::int64_t channels = 0;
    std::int64_t height = 1;
    std::int64_t width = 1;
    [[nodiscard]] std::int64_t elements() const { return channels * height * width; }
    friend bool operator==(const TensorShape&, const TensorShape&) = default;
};

/// The sliding window of a convolution or pooling. Padding is given per side so that TF's SAME can be said.
struct Window {
    std::int64_t kernel_height = 1;
    std::int64_t kernel_width = 1;
    std::int64_t stride_height = 1;
    std::int64_t stride_width = 1;
    std::int64_t dilation_height = 1;
    std::int64_t dilation_width = 1;
    std::int64_t pad_top = 0;
    std::int64_t pad_left = 0;
    std::int64_t pad_bottom = 0;
    std::int64_t pad_right = 0;
    bool ceil_mode = false;
    /// Average pooling divides by the whole window, padding included (torch's default; Inception uses it).
    bool count_include_pad = true;
    friend bool operator==(const Window&, const Window&) = default;
};

/// A parameter tensor that a node owns. Buffers (running statistics) are listed too, but do not count as parameters.
struct ParameterSpec {
    std::string name;                 ///< e.g. "layer1.0.conv1.weight"
    std::vector<std::int64_t> shape;  ///< torch order
    bool trainable = true;            ///< false for running_mean and running_var
};

struct Node {
    std::string name;  ///< torchvision's module name, e.g. "layer1.0.conv1"; unique in the network
    OpKind op = OpKind::input;
    std::vector<NodeId> inputs;
    TensorShape shape;  ///< of the output
    Window window;      ///< conv2d and pooling
    std::int64_t groups = 1;
    bool has_bias = false;
    double epsilon = 1e-5;             ///< batch norm
    double drop_probability = 0.0;     ///< dropout
    std::int64_t slice_stride = 1;     ///< slice_pad
    std::int64_t channels_before = 0;  ///< slice_pad: zero channels put before the copied ones
    /// Part of the auxiliary head (Inception): it owns parameters and trains, but inference never runs it.
    bool training_only = false;
};

struct Network {
    std::string name;
    std::vector<Node> nodes;  ///< inputs of a node stand before it; node 0 is the input
    NodeId output = 0;        ///< the logits
    [[nodiscard]] const Node& node(NodeId id) const { return nodes.at(id); }
    [[nodiscard]] const TensorShape& input_shape() const { return nodes.front().shape; }
    [[nodiscard]] std::int64_t classes() const { return nodes.at(output).shape.channels; }
};

/// The most elements that one activation or weight tensor may have; no extent, stride or padding may be larger.
inline constexpr std::int64_t max_tensor_elements = 2147483647;

/// Output extent of a window along one axis, by torch's rule: in ceil mode a last window may hang over the padded
/// end, but must start inside the input or its left padding (half of `pad_both`). Throws InputError (naming `where`)
/// when no window fits or a number is out of range.
[[nodiscard]] std::int64_t window_output(std::int64_t extent, std::int64_t kernel, std::int64_t stride,
                                         std::int64_t dilation, std::int64_t pad_both, bool ceil_mode,
                                         std::string_view where);

/// The parameter tensors that `node` of `network` owns, in torch's order (weight, bias, running_mean, running_var).
[[nodiscard]] std::vector<ParameterSpec> parameters_of(const Network& network, const Node& node);
/// All of them, in node order.
[[nodiscard]] std::vector<ParameterSpec> parameters_of(const Network& network);

/// Trainable scalars, the auxiliary head included.
[[nodiscard]] std::int64_t count_parameters(const Network& network);
/// Multiply-accumulates of one node (convolution and linear; 0 for the rest), for one image.
[[nodiscard]] std::int64_t count_macs(const Network& network, const Node& node);
/// Of the whole network at inference: the auxiliary head does not run and is not counted.
[[nodiscard]] std::int64_t count_macs(const Network& network);

}  // namespace npusim
