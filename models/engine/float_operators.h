// The fp32 operators of the graph, for one image.
#pragma once

#include <span>
#include <vector>

#include "npusim/models/graph/network.h"
#include "npusim/models/parameters.h"

namespace npusim {

/// What an operator reads besides activations: its parameters in the order of parameters_of.
using NodeParameters = std::vector<const Tensor*>;

/// Computes a node that is not the input. `inputs` are the outputs of node.inputs; `out` holds node.shape. Batch norm,
/// ReLU, add, flatten and dropout may run in place (out == inputs[0]). `columns` is scratch memory.
void compute_node(const Network& network, const Node& node, const NodeParameters& parameters,
                  std::span<const float* const> inputs, float* out, std::vector<float>& columns);

/// Whether `out` may be the memory of the first input.
[[nodiscard]] bool may_run_in_place(OpKind op);

/// The node after which nobody reads a node's output; the network's output is read after the last node.
[[nodiscard]] std::vector<NodeId> last_readers(const Network& network);

/// The node's parameters found by name. Throws InputError when one is missing or has another shape.
[[nodiscard]] NodeParameters find_parameters(const Network& network, const Node& node, const Parameters& parameters);

}  // namespace npusim
