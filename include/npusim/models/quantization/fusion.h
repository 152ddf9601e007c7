// Groups the nodes of an fp32 graph into what the machine does in one go: convolution, batch norm, residual add and
// ReLU become one stage.
#pragma once

#include <optional>
#include <vector>

#include "npusim/models/graph/network.h"

namespace npusim {

/// One integer node to be. Its value is named by its last graph node.
struct Stage {
    NodeId main = 0;                   ///< the node that does the main work
    std::optional<NodeId> batch_norm;  ///< folded behind the main node (or the main node itself, alone)
    std::optional<NodeId> residual;    ///< value added to the accumulator
    bool relu = false;
    NodeId input = 0;  ///< value read
    NodeId last = 0;   ///< value written
};

/// The graph as stages over values. A value is a node id; flatten and dropout give their source's value.
struct FusedGraph {
    std::vector<Stage> stages;  ///< in evaluation order
    /// For each node, the value that stands for its output.
    std::vector<NodeId> value_of;
    /// Concatenations: the value and its parts' values, nested ones flattened, in graph order.
    struct Concat {
        NodeId value;
        std::vector<NodeId> parts;
    };
    std::vector<Concat> concats;
    NodeId output = 0;
};

/// Nodes that the output does not need are left out, the auxiliary head among them. Throws InputError for what the
/// machine cannot do, naming the node.
[[nodiscard]] FusedGraph fuse(const Network& network);

}  // namespace npusim
