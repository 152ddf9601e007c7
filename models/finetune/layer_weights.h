// The weights of convolution and linear layers, by layer.
#pragma once

#include <string>
#include <vector>

#include "npusim/models/finetune/training_graph.h"
#include "npusim/models/quantization/weight_quantizer.h"

namespace npusim {

/// "conv1" → "conv1.weight"
[[nodiscard]] inline std::string weight_name(const std::string& layer) {
    return layer + ".weight";
}

/// Convolution and linear layers that inference needs, in graph order.
[[nodiscard]] std::vector<std::string> weighted_layers(const Network& network);

/// The layer's integers and steps: with the given steps, or with those of least squared error where there are none.
[[nodiscard]] QuantizedWeights layer_integers(const Parameters& parameters, const QuantizedNode& layer,
                                              const PrecisionSpec& precision, const TrainedSteps& steps);

}  // namespace npusim
