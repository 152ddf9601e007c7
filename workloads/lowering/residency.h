// What stays on chip: activations from the layer that makes them to those that read them, weights from one batch to the
// next.
#pragma once

#include <memory>

#include "layer_dataflow.h"

namespace npusim {

/// What the network's layers are cut for.
struct LoweringPlan {
    std::shared_ptr<const ChipsByDataflow> chips;        ///< that the layers are cut for
    std::vector<LayerDataflow> dataflows;                ///< of the layers
    std::vector<LayerContext> layers;                    ///< in the order of the network's nodes
    std::vector<std::optional<TensorLayout>> residents;  ///< as Program::residents
};

/// The layers of a network whose tensors lie as `layouts` say, with what the chip keeps of them. `network`, `arch` and
/// `layouts` must live as long as the plan. A layer that does not fit is there too, and nothing stays for its sake.
[[nodiscard]] LoweringPlan plan_lowering(const QuantizedNetwork& network, const ArchSpec& arch,
                                         const std::vector<TensorLayout>& layouts, TilingMemory& tilings);

/// Lets tensors stay in the activation buffer: those for which DRAM moves less, and no layer is forecast to take longer
/// than it gains.
void keep_activations(LoweringPlan& plan, TilingMemory& tilings);

/// Lets the weights of layers stay in the weight buffer, if DRAM then moves less and the network is not forecast to
/// take longer.
void keep_weights(LoweringPlan& plan, TilingMemory& tilings);

}  // namespace npusim
