// Which dataflow each layer runs in: the chip's, the one that its name is given, or the best by forecast.
#pragma once

#include "tiling_memory.h"

namespace npusim {

/// The dataflow of a layer, and why where it had a choice.
struct LayerDataflow {
    Dataflow dataflow = Dataflow::weight_stationary;
    std::string reason;
    std::vector<DataflowForecast> forecasts;  ///< of those whose tiles fit, in the table's order
};

/// The chip as it is in each dataflow: what a layer is cut for.
class ChipsByDataflow {
public:
    explicit ChipsByDataflow(const ArchSpec& arch);
    [[nodiscard]] const ArchSpec& in(Dataflow dataflow) const;

private:
    std::vector<ArchSpec> chips_;  ///< in the order of the table; where they lie never changes
};

/// Of each node of the network. Throws InputError when `layer_dataflows` names a layer that the network does not run on
/// the array: says where, and which names are near.
[[nodiscard]] std::vector<LayerDataflow> choose_dataflows(const QuantizedNetwork& network, const ArchSpec& arch,
                                                          const ChipsByDataflow& chips,
                                                          const std::vector<TensorLayout>& layouts,
                                                          TilingMemory& tilings);

}  // namespace npusim
