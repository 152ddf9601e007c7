// Builds a Network node by node and infers the shapes. Networks of the zoo and importers go through it.
#pragma once

#include <set>

#include "npusim/models/graph/network.h"

namespace npusim {

/// Everything of a convolution but its input.
struct Conv2dSpec {
    std::int64_t out_channels = 0;
    std::int64_t kernel_height = 1;
    std::int64_t kernel_width = 1;
    std::int64_t stride = 1;
    std::int64_t pad_height = 0;  ///< on either side
    std::int64_t pad_width = 0;
    std::int64_t groups = 1;
    bool bias = false;
};

/// Each call appends a node and returns its id. Shapes are checked; a mismatch throws InputError naming the node.
/// Node ids given to a call must come from this builder.
class NetworkBuilder {
public:
    NetworkBuilder(std::string network_name, TensorShape input);

    NodeId input() const { return 0; }
    NodeId conv2d(const std::string& name, NodeId from, const Conv2dSpec& spec);
    NodeId conv2d(const std::string& name, NodeId from, std::int64_t out_channels, const Window& window,
                  std::int64_t groups, bool bias);
    NodeId batch_norm(const std::string& name, NodeId from, double epsilon = 1e-5);
    NodeId relu(const std::string& name, NodeId from);
    NodeId max_pool(const std::string& name, NodeId from, const Window& window);
    NodeId average_pool(const std::string& name, NodeId from, const Window& window);
    NodeId adaptive_average_pool(const std::string& name, NodeId from, std::int64_t height, std::int64_t width);
    NodeId add(const std::string& name, NodeId a, NodeId b);
    NodeId concat(const std::string& name, const std::vector<NodeId>& parts);
    NodeId flatten(const std::string& name, NodeId from);
    NodeId linear(const std::string& name, NodeId from, std::int64_t out_features, bool bias = true);
    NodeId dropout(const std::string& name, NodeId from, double probability);
    NodeId slice_pad(const std::string& name, NodeId from, std::int64_t stride, std::int64_t out_channels,
                     std::int64_t channels_before);

    /// Marks every node appended while true as belonging to the auxiliary head. A node outside of the head cannot
    /// take its input from it.
    void set_training_only(bool value) { training_only_ = value; }
    [[nodiscard]] const TensorShape& shape(NodeId id) const { return network_.nodes.at(id).shape; }
    /// Ends building and leaves the builder empty; `output` is the node of the logits.
    [[nodiscard]] Network finish(NodeId output);

private:
    NodeId append(Node node);
    NodeId append_pool(OpKind op, const std::string& name, NodeId from, const Window& window);
    [[noreturn]] void refuse(const std::string& node, const std::string& message) const;
    void check_window(const std::string& node, const Window& window) const;
    [[nodiscard]] TensorShape windowed(const std::string& node, NodeId from, std::int64_t channels,
                                       const Window& window) const;

    Network network_;
    std::set<std::string> names_;
    bool training_only_ = false;
};

}  // namespace npusim
