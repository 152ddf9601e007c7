#include "npusim/models/graph/network_builder.h"

#include <algorithm>
#include <utility>

#include "npusim/base/error.h"
#include "npusim/base/integer_math.h"

namespace npusim {
namespace {

std::string text_of(const TensorShape& shape) {
    return std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" + std::to_string(shape.width);
}

/// Compared by division, so that no product of extents can overflow.
bool holds_at_most(std::int64_t limit, std::initializer_list<std::int64_t> extents) {
    for (const auto extent : extents) limit /= extent;
    return limit >= 1;
}

bool uniform_windows(std::int64_t in, std::int64_t out) {
    return in % out == 0 || out % in == 0;
}

std::string working_sizes(std::int64_t out) {
    std::vector<std::string> sizes;
    for (std::int64_t size = 1; size < out && sizes.size() < 32; ++size) {
        if (out % size == 0) sizes.push_back(std::to_string(size));
    }
    sizes.push_back("any multiple of " + std::to_string(out));
    return join(sizes);
}

Node node_of(OpKind op, const std::string& name, std::vector<NodeId> inputs, const TensorShape& shape) {
    Node node;
    node.op = op;
    node.name = name;
    node.inputs = std::move(inputs);
    node.shape = shape;
    return node;
}

}  // namespace

NetworkBuilder::NetworkBuilder(std::string network_name, TensorShape input) {
    network_.name = std::move(network_name);
    append(node_of(OpKind::input, "input", {}, input));
}

void NetworkBuilder::refuse(const std::string& node, const std::string& message) const {
    throw InputError(network_.name, node, message);
}

NodeId NetworkBuilder::append(Node node) {
    const TensorShape& shape = node.shape;
    if (node.name.empty()) refuse("node " + std::to_string(network_.nodes.size()), "a node needs a name");
    if (std::min({shape.channels, shape.height, shape.width}) < 1) {
        refuse(node.name, "the shape " + text_of(shape) + " is empty, every extent must be 1 or more");
    }
    if (!holds_at_most(max_tensor_elements, {shape.channels, shape.height, shape.width})) {
        refuse(node.name, "the shape " + text_of(shape) +
                              " is too large, allowed: " + std::to_string(max_tensor_elements) + " elements");
    }
    for (const auto input : node.inputs) {
        if (network_.node(input).training_only && !training_only_) {
            refuse(node.name, "takes its input from \"" + network_.node(input).name +
                                  "\", which belongs to the auxiliary head and does not run at inference");
        }
    }
    if (!names_.insert(node.name).second) refuse(node.name, "another node has this name, names must be unique");
    node.training_only = training_only_;
    network_.nodes.push_back(std::move(node));
    return network_.nodes.size() - 1;
}

void NetworkBuilder::check_window(const std::string& node, const Window& window) const {
    if (std::min({window.pad_top, window.pad_left, window.pad_bottom, window.pad_right}) < 0) {
        refuse(node, "a padding is negative, allowed: 0 or more on every side");
    }
    if (std::max({window.pad_top, window.pad_left, window.pad_bottom, window.pad_right}) > max_tensor_elements / 2) {
        refuse(node, "a padding is too large, allowed: up to " + std::to_string(max_tensor_elements / 2));
    }
    if (window.ceil_mode && (window.pad_top != window.pad_bottom || window.pad_left != window.pad_right)) {
        refuse(node, "ceil mode is defined only where the padding is the same on opposite sides");
    }
}

TensorShape NetworkBuilder::windowed(const std::string& node, NodeId from, std::int64_t channels,
                                     const Window& window) const {
    check_window(node, window);
    const TensorShape& in = shape(from);
    const std::string where = network_.name + ": " + node;
    return {channels,
            window_output(in.height, window.kernel_height, window.stride_height, window.dilation_height,
                          window.pad_top + window.pad_bottom, window.ceil_mode, where + ": height"),
            window_output(in.width, window.kernel_width, window.stride_width, window.dilation_width,
                          window.pad_left + window.pad_right, window.ceil_mode, where + ": width")};
}

NodeId NetworkBuilder::conv2d(const std::string& name, NodeId from, const Conv2dSpec& spec) {
    Window window;
    window.kernel_height = spec.kernel_height;
    window.kernel_width = spec.kernel_width;
    window.stride_height = window.stride_width = spec.stride;
    window.pad_top = window.pad_bottom = spec.pad_height;
    window.pad_left = window.pad_right = spec.pad_width;
    return conv2d(name, from, spec.out_channels, window, spec.groups, spec.bias);
}

NodeId NetworkBuilder::conv2d(const std::string& name, NodeId from, std::int64_t out_channels, const Window& window,
                              std::int64_t groups, bool bias) {
    const std::int64_t in_channels = shape(from).channels;
    if (groups < 1 || in_channels % groups != 0 || out_channels % groups != 0) {
        refuse(name, std::to_string(groups) + " groups do not divide " + std::to_string(in_channels) + " input and " +
                         std::to_string(out_channels) + " output channels");
    }
    if (window.ceil_mode) refuse(name, "a convolution has no ceil mode");
    Node node = node_of(OpKind::conv2d, name, {from}, windowed(name, from, out_channels, window));
    if (out_channels >= 1 && !holds_at_most(max_tensor_elements, {out_channels, in_channels / groups,
                                                                  window.kernel_height, window.kernel_width})) {
        refuse(name, "the weight is too large, allowed: " + std::to_string(max_tensor_elements) + " elements");
    }
    node.window = window;
    node.groups = groups;
    node.has_bias = bias;
    return append(std::move(node));
}

NodeId NetworkBuilder::batch_norm(const std::string& name, NodeId from, double epsilon) {
    if (!(epsilon >= 0.0 && epsilon <= 1.0)) {
        refuse(name, "epsilon " + std::to_string(epsilon) + " is out of range, allowed: 0 to 1");
    }
    Node node = node_of(OpKind::batch_norm, name, {from}, shape(from));
    node.epsilon = epsilon;
    return append(std::move(node));
}

NodeId NetworkBuilder::relu(const std::string& name, NodeId from) {
    return append(node_of(OpKind::relu, name, {from}, shape(from)));
}

NodeId NetworkBuilder::append_pool(OpKind op, const std::string& name, NodeId from, const Window& window) {
    Node node = node_of(op, name, {from}, windowed(name, from, shape(from).channels, window));
    if (std::max(window.pad_top, window.pad_bottom) >= window.kernel_height ||
        std::max(window.pad_left, window.pad_right) >= window.kernel_width) {
        refuse(name, "the padding is not smaller than the kernel, so that a window could see padding only");
    }
    node.window = window;
    return append(std::move(node));
}

NodeId NetworkBuilder::max_pool(const std::string& name, NodeId from, const Window& window) {
    return append_pool(OpKind::max_pool, name, from, window);
}

NodeId NetworkBuilder::average_pool(const std::string& name, NodeId from, const Window& window) {
    return append_pool(OpKind::average_pool, name, from, window);
}

NodeId NetworkBuilder::adaptive_average_pool(const std::string& name, NodeId from, std::int64_t height,
                                             std::int64_t width) {
    const TensorShape& in = shape(from);
    if (height < 1 || width < 1) refuse(name, "the output height and width must be 1 or more");
    if (!uniform_windows(in.height, height)) {
        refuse(name, "an input height of " + std::to_string(in.height) + " gives windows of different sizes for " +
                         std::to_string(height) + " outputs, heights that work: " + working_sizes(height));
    }
    if (!uniform_windows(in.width, width)) {
        refuse(name, "an input width of " + std::to_string(in.width) + " gives windows of different sizes for " +
                         std::to_string(width) + " outputs, widths that work: " + working_sizes(width));
    }
    return append(node_of(OpKind::adaptive_average_pool, name, {from}, {in.channels, height, width}));
}

NodeId NetworkBuilder::add(const std::string& name, NodeId a, NodeId b) {
    if (shape(a) != shape(b)) {
        refuse(name, "adds " + text_of(shape(a)) + " and " + text_of(shape(b)) + ", the shapes must be equal");
    }
    return append(node_of(OpKind::add, name, {a, b}, shape(a)));
}

NodeId NetworkBuilder::concat(const std::string& name, const std::vector<NodeId>& parts) {
    if (parts.empty()) refuse(name, "joins nothing, it needs one input or more");
    TensorShape joined = shape(parts.front());
    joined.channels = 0;
    for (const auto part : parts) {
        if (shape(part).height != joined.height || shape(part).width != joined.width) {
            refuse(name, "joins " + text_of(shape(parts.front())) + " and " + text_of(shape(part)) +
                             ", heights and widths must be equal");
        }
        joined.channels += shape(part).channels;
    }
    return append(node_of(OpKind::concat, name, parts, joined));
}

NodeId NetworkBuilder::flatten(const std::string& name, NodeId from) {
    return append(node_of(OpKind::flatten, name, {from}, {shape(from).elements(), 1, 1}));
}

NodeId NetworkBuilder::linear(const std::string& name, NodeId from, std::int64_t out_features, bool bias) {
    const TensorShape& in = shape(from);
    if (in.height != 1 || in.width != 1) {
        refuse(name, "takes " + text_of(in) + ", but needs a flattened input (put a flatten before it)");
    }
    if (out_features >= 1 && !holds_at_most(max_tensor_elements, {out_features, in.channels})) {
        refuse(name, "the weight is too large, allowed: " + std::to_string(max_tensor_elements) + " elements");
    }
    Node node = node_of(OpKind::linear, name, {from}, {out_features, 1, 1});
    node.has_bias = bias;
    return append(std::move(node));
}

NodeId NetworkBuilder::dropout(const std::string& name, NodeId from, double probability) {
    if (!(probability >= 0.0 && probability < 1.0)) {
        refuse(name, "drop probability " + std::to_string(probability) + " is out of range, allowed: 0 to below 1");
    }
    Node node = node_of(OpKind::dropout, name, {from}, shape(from));
    node.drop_probability = probability;
    return append(std::move(node));
}

NodeId NetworkBuilder::slice_pad(const std::string& name, NodeId from, std::int64_t stride, std::int64_t out_channels,
                                 std::int64_t channels_before) {
    const TensorShape& in = shape(from);
    if (stride < 1 || stride > max_tensor_elements) {
        refuse(name, "stride " + std::to_string(stride) + " is out of range, allowed: 1 to " +
                         std::to_string(max_tensor_elements));
    }
    if (channels_before < 0 || out_channels < in.channels || channels_before > out_channels - in.channels) {
        refuse(name, std::to_string(channels_before) + " zero channels and " + std::to_string(in.channels) +
                         " copied ones do not fit in " + std::to_string(out_channels) + " channels");
    }
    Node node = node_of(OpKind::slice_pad, name, {from},
                        {out_channels, ceil_div(in.height, stride), ceil_div(in.width, stride)});
    node.slice_stride = stride;
    node.channels_before = channels_before;
    return append(std::move(node));
}

Network NetworkBuilder::finish(NodeId output) {
    const Node& node = network_.node(output);
    if (node.training_only) refuse(node.name, "belongs to the auxiliary head and cannot be the output");
    network_.output = output;
    return std::move(network_);
}

}  // namespace npusim
