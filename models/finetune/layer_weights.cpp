#include "layer_weights.h"

#include "npusim/base/error.h"

namespace npusim {

std::vector<std::string> weighted_layers(const Network& network) {
    std::vector<std::string> layers;
    for (const Node& node : network.nodes) {
        if (node.training_only) continue;
        if (node.op == OpKind::conv2d || node.op == OpKind::linear) layers.push_back(node.name);
    }
    return layers;
}

QuantizedWeights layer_integers(const Parameters& parameters, const QuantizedNode& layer,
                                const PrecisionSpec& precision, const TrainedSteps& steps) {
    const std::vector<float>& values = parameters.at(weight_name(layer.name)).values;
    const std::int64_t channels = layer.output_shape.channels;
    const auto given = steps.weight_steps.find(layer.name);
    if (given == steps.weight_steps.end()) return quantize_weights(values, channels, layer.weight_bits, precision);
    if (static_cast<std::int64_t>(given->second.size()) != channels) {
        throw InputError("layer " + layer.name, "weight steps",
                         std::to_string(given->second.size()) + " are given, " + std::to_string(channels) +
                             " are needed, one for each output channel");
    }
    return {quantize_weights_at(values, given->second, layer.weight_bits, precision.rounding), given->second};
}

}  // namespace npusim
