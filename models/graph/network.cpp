#include "npusim/models/graph/network.h"

#include <utility>

#include "npusim/base/error.h"

namespace npusim {
namespace {

void require_between(std::string_view where, std::string_view what, std::int64_t value, std::int64_t low) {
    if (value >= low && value <= max_tensor_elements) return;
    throw InputError(where, what,
                     std::to_string(value) + " is out of range, allowed: " + std::to_string(low) + " to " +
                         std::to_string(max_tensor_elements));
}

const TensorShape& input_shape_of(const Network& network, const Node& node) {
    return network.node(node.inputs.at(0)).shape;
}

std::vector<ParameterSpec> with_bias(std::vector<ParameterSpec> specs, const Node& node) {
    if (node.has_bias) specs.push_back({node.name + ".bias", {node.shape.channels}, true});
    return specs;
}

}  // namespace

std::string_view name_of(OpKind op) {
    switch (op) {
        case OpKind::input:
            return "input";
        case OpKind::conv2d:
            return "conv2d";
        case OpKind::batch_norm:
            return "batch_norm";
        case OpKind::relu:
            return "relu";
        case OpKind::max_pool:
            return "max_pool";
        case OpKind::average_pool:
            return "average_pool";
        case OpKind::adaptive_average_pool:
            return "adaptive_average_pool";
        case OpKind::add:
            return "add";
        case OpKind::concat:
            return "concat";
        case OpKind::flatten:
            return "flatten";
        case OpKind::linear:
            return "linear";
        case OpKind::dropout:
            return "dropout";
        case OpKind::slice_pad:
            return "slice_pad";
    }
    throw std::logic_error("an OpKind without a name");
}

std::int64_t window_output(std::int64_t extent, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                           std::int64_t pad_both, bool ceil_mode, std::string_view where) {
    require_between(where, "extent", extent, 1);
    require_between(where, "kernel", kernel, 1);
    require_between(where, "stride", stride, 1);
    require_between(where, "dilation", dilation, 1);
    require_between(where, "padding", pad_both, 0);
    const std::int64_t span = dilation * (kernel - 1) + 1;
    const std::int64_t last_start = extent + pad_both - span + (ceil_mode ? stride - 1 : 0);
    if (last_start < 0) {
        throw InputError(where, "",
                         "the window spans " + std::to_string(span) + " pixels, but the padded input has only " +
                             std::to_string(extent + pad_both));
    }
    const std::int64_t windows = last_start / stride + 1;
    const bool last_sees_only_right_padding = (windows - 1) * stride >= extent + pad_both / 2;
    return ceil_mode && last_sees_only_right_padding ? windows - 1 : windows;
}

std::vector<ParameterSpec> parameters_of(const Network& network, const Node& node) {
    const std::int64_t channels = node.shape.channels;
    if (node.op == OpKind::conv2d) {
        const std::int64_t per_group = input_shape_of(network, node).channels / node.groups;
        const auto& window = node.window;
        return with_bias(
            {{node.name + ".weight", {channels, per_group, window.kernel_height, window.kernel_width}, true}}, node);
    }
    if (node.op == OpKind::linear) {
        return with_bias({{node.name + ".weight", {channels, input_shape_of(network, node).channels}, true}}, node);
    }
    if (node.op == OpKind::batch_norm) {
        return {{node.name + ".weight", {channels}, true},
                {node.name + ".bias", {channels}, true},
                {node.name + ".running_mean", {channels}, false},
                {node.name + ".running_var", {channels}, false}};
    }
    return {};
}

std::vector<ParameterSpec> parameters_of(const Network& network) {
    std::vector<ParameterSpec> all;
    for (const auto& node : network.nodes) {
        for (auto& spec : parameters_of(network, node)) all.push_back(std::move(spec));
    }
    return all;
}

std::int64_t count_parameters(const Network& network) {
    std::int64_t total = 0;
    for (const auto& spec : parameters_of(network)) {
        if (!spec.trainable) continue;
        std::int64_t elements = 1;
        for (const auto extent : spec.shape) elements *= extent;
        total += elements;
    }
    return total;
}

std::int64_t count_macs(const Network& network, const Node& node) {
    if (node.op != OpKind::conv2d && node.op != OpKind::linear) return 0;
    const std::int64_t per_group = input_shape_of(network, node).channels / node.groups;
    return node.shape.elements() * per_group * node.window.kernel_height * node.window.kernel_width;
}

std::int64_t count_macs(const Network& network) {
    std::int64_t total = 0;
    for (const auto& node : network.nodes) {
        if (!node.training_only) total += count_macs(network, node);
    }
    return total;
}

}  // namespace npusim
