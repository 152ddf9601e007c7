#include "npusim/models/quantization/quantizer.h"

#include <algorithm>
#include <cmath>

#include "npusim/base/error.h"
#include "npusim/models/quantization/weight_quantizer.h"
#include "storage.h"

namespace npusim {
namespace {

QuantizedOp op_of(const Node& node) {
    switch (node.op) {
        case OpKind::conv2d:
        case OpKind::linear:
            return QuantizedOp::convolution;
        case OpKind::max_pool:
            return QuantizedOp::max_pool;
        case OpKind::average_pool:
        case OpKind::adaptive_average_pool:
            return QuantizedOp::average_pool;
        case OpKind::slice_pad:
            return QuantizedOp::slice_pad;
        default:
            return QuantizedOp::elementwise;
    }
}

/// The window that the machine slides: a linear layer's covers the whole map, an adaptive pool's is uniform.
Window window_of(const Node& node, const TensorShape& input) {
    Window window = node.window;
    if (node.op == OpKind::linear) {
        window = {};
        window.kernel_height = input.height;
        window.kernel_width = input.width;
    } else if (node.op == OpKind::adaptive_average_pool) {
        window = {};
        window.kernel_height = window.stride_height = std::max<std::int64_t>(1, input.height / node.shape.height);
        window.kernel_width = window.stride_width = std::max<std::int64_t>(1, input.width / node.shape.width);
    } else if (node.op == OpKind::slice_pad) {
        window = {};
        window.stride_height = window.stride_width = node.slice_stride;
    }
    return window;
}

QuantizedNode structure_of(const Network& network, const Stage& stage, const Storage& storage,
                           const PrecisionSpec& precision, NodeId scores) {
    const Node& main = network.node(stage.main);
    QuantizedNode node;
    node.name = main.name;
    node.op = op_of(main);
    node.input = storage.input_of(stage);
    const QuantizedTensor& input = storage.tensors()[node.input.tensor];
    node.input_shape = {node.input.channels, input.shape.height, input.shape.width};
    node.output_shape = main.shape;
    node.window = window_of(main, node.input_shape);
    node.groups = main.groups;
    node.adaptive = main.op == OpKind::adaptive_average_pool;
    node.channels_before = main.channels_before;
    node.relu = stage.relu;
    node.input_bits = input.bits;
    node.input_signed = input.is_signed;
    if (stage.residual) node.residual = storage.residual_of(stage);
    if (node.op == QuantizedOp::convolution) {
        const bool at_an_end = stage.input == 0 || stage.last == scores;
        node.weight_bits = at_an_end ? precision.first_last_bits : precision.weight_bits;
        const auto own = precision.layers.find(main.name);
        if (own != precision.layers.end()) node.weight_bits = own->second.weight_bits;
    }
    for (const TensorView& place : storage.places_of(stage.last)) {
        node.destinations.push_back({place.tensor, place.channel_begin, {}});
    }
    return node;
}

/// What happens to channel c in real numbers after the accumulator: y = gain · x + offset.
struct Affine {
    std::vector<double> gain;
    std::vector<double> offset;
};

const Tensor& parameter(const Parameters& parameters, const Node& node, const char* name) {
    return parameters.at(node.name + "." + name);
}

Affine affine_of(const Network& network, const Stage& stage, const Parameters& parameters) {
    const Node& main = network.node(stage.main);
    const auto channels = static_cast<std::size_t>(main.shape.channels);
    Affine affine{std::vector<double>(channels, 1.0), std::vector<double>(channels, 0.0)};
    if (main.has_bias && stage.batch_norm != stage.main) {
        const Tensor& bias = parameter(parameters, main, "bias");
        std::copy(bias.values.begin(), bias.values.end(), affine.offset.begin());
    }
    if (!stage.batch_norm) return affine;
    const Node& norm = network.node(*stage.batch_norm);
    const Tensor& gamma = parameter(parameters, norm, "weight");
    const Tensor& beta = parameter(parameters, norm, "bias");
    const Tensor& mean = parameter(parameters, norm, "running_mean");
    const Tensor& variance = parameter(parameters, norm, "running_var");
    for (std::size_t c = 0; c < channels; ++c) {
        const double gain = gamma.values[c] / std::sqrt(static_cast<double>(variance.values[c]) + norm.epsilon);
        affine.gain[c] = gain;
        affine.offset[c] = (affine.offset[c] - mean.values[c]) * gain + beta.values[c];
    }
    return affine;
}

/// Multiplier and shift of out = (acc·scale + residual·residual_scale + offset), all in steps of the output.
ChannelRequantizer requantizer_of(double scale, double residual_scale, double offset, Rounding rounding) {
    constexpr int kLargestShift = 40;
    constexpr double kLargestMultiplier = (1 << (kMultiplierBits - 1)) - 1;
    int shift = kLargestShift;
    const auto fits = [&](int n) {
        return std::abs(scale) * std::exp2(n) <= kLargestMultiplier &&
               std::abs(residual_scale) * std::exp2(n) < std::exp2(31) - 1 &&
               std::abs(offset) * std::exp2(n) < std::exp2(58);
    };
    while (shift > 0 && !fits(shift)) --shift;
    const double unit = std::exp2(shift);
    ChannelRequantizer channel;
    channel.shift = shift;
    channel.multiplier = static_cast<std::int32_t>(
        round_real(std::clamp(scale * unit, -kLargestMultiplier, kLargestMultiplier), rounding));
    channel.residual_multiplier = static_cast<std::int32_t>(round_real(residual_scale * unit, rounding));
    channel.bias =
        static_cast<std::int64_t>(round_real(std::clamp(offset * unit, -std::exp2(58), std::exp2(58)), rounding));
    return channel;
}

/// Fills in the constants of one node.
class NodeFiller {
public:
    /// `steps` may be null: weights get the steps of least squared error.
    NodeFiller(const Network& network, const Parameters& parameters, const TrainedSteps* steps,
               QuantizedNetwork& quantized)
        : network_(network), parameters_(parameters), steps_(steps), quantized_(quantized) {}

    void fill(const Stage& stage, QuantizedNode& node) const {
        Affine affine = affine_of(network_, stage, parameters_);
        // Real value of one unit of the accumulator, for each channel.
        std::vector<double> units(affine.gain.size(), quantized_.tensors[node.input.tensor].step);
        if (node.op == QuantizedOp::convolution) fill_weights(stage, node, affine, units);
        if (node.op == QuantizedOp::average_pool) {
            const auto area = static_cast<double>(node.window.kernel_height * node.window.kernel_width);
            for (double& unit : units) unit /= area;
        }
        const double residual_step = node.residual ? quantized_.tensors[node.residual->tensor].step : 0.0;
        for (auto& destination : node.destinations) {
            const double step = quantized_.tensors[destination.tensor].step;
            for (std::size_t c = 0; c < units.size(); ++c) {
                destination.channels.push_back(requantizer_of(affine.gain[c] * units[c] / step, residual_step / step,
                                                              affine.offset[c] / step, quantized_.precision.rounding));
            }
        }
    }

private:
    void fill_weights(const Stage& stage, QuantizedNode& node, Affine& affine, std::vector<double>& units) const {
        std::vector<float> weights = parameter(parameters_, network_.node(stage.main), "weight").values;
        const std::size_t row = weights.size() / units.size();
        if (quantized_.precision.batch_norm == BatchNormPlacement::weights && stage.batch_norm) {
            for (std::size_t i = 0; i < weights.size(); ++i) {
                weights[i] = static_cast<float>(weights[i] * affine.gain[i / row]);
            }
            std::fill(affine.gain.begin(), affine.gain.end(), 1.0);
        }
        const QuantizedWeights integers = steps_ == nullptr ? quantize_weights(weights, node.output_shape.channels,
                                                                               node.weight_bits, quantized_.precision)
                                                            : at_trained_steps(weights, node);
        node.weights = integers.values;
        for (std::size_t c = 0; c < units.size(); ++c) units[c] *= integers.steps[c];
    }

    [[nodiscard]] QuantizedWeights at_trained_steps(const std::vector<float>& weights,
                                                    const QuantizedNode& node) const {
        const auto found = steps_->weight_steps.find(node.name);
        if (found == steps_->weight_steps.end() ||
            found->second.size() != static_cast<std::size_t>(node.output_shape.channels)) {
            throw InputError("network " + quantized_.name, node.name,
                             "needs " + std::to_string(node.output_shape.channels) + " weight steps, one a channel");
        }
        return {quantize_weights_at(weights, found->second, node.weight_bits, quantized_.precision.rounding),
                found->second};
    }

    const Network& network_;
    const Parameters& parameters_;
    const TrainedSteps* steps_;
    QuantizedNetwork& quantized_;
};

void check_layer_names(const Network& network, const FusedGraph& graph, const PrecisionSpec& precision) {
    std::vector<std::string> names;
    for (const auto& stage : graph.stages) {
        if (uses_array(network, stage)) names.push_back(network.node(stage.main).name);
    }
    std::vector<std::string> problems;
    for (const auto& [name, bits] : precision.layers) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        problems.push_back("network " + network.name + ": precision/layers: has no convolution or linear layer \"" +
                           name + "\"; the nearest are " + join(nearest_names(name, names)));
    }
    if (!problems.empty()) throw InputError(problems);
}

QuantizedNetwork structure(const Network& network, const FusedGraph& graph, const PrecisionSpec& precision,
                           int accumulator_bits, const RangeOf& range_of) {
    check_layer_names(network, graph, precision);
    const Storage storage(network, graph, precision, range_of);
    QuantizedNetwork quantized;
    quantized.name = network.name;
    quantized.precision = precision;
    quantized.accumulator_bits = accumulator_bits;
    quantized.tensors = storage.tensors();
    const NodeId scores = scores_of(network, graph);
    for (const auto& stage : graph.stages) {
        quantized.nodes.push_back(structure_of(network, stage, storage, precision, scores));
    }
    quantized.output = quantized.nodes.back().destinations.front().tensor;
    return quantized;
}

void fill(const Network& network, const Parameters& parameters, const FusedGraph& graph, const TrainedSteps* steps,
          QuantizedNetwork& quantized) {
    const NodeFiller filler(network, parameters, steps, quantized);
    for (std::size_t i = 0; i < graph.stages.size(); ++i) filler.fill(graph.stages[i], quantized.nodes[i]);
    validate(quantized);
}

}  // namespace

double activation_percentile(int bits) {
    return bits > 4 ? 99.99 : 99.9;
}

QuantizedNetwork quantize_structure(const Network& network, const PrecisionSpec& precision, int accumulator_bits) {
    QuantizedNetwork quantized = structure(network, fuse(network), precision, accumulator_bits, {});
    validate(quantized);
    return quantized;
}

QuantizedNetwork quantize(const Network& network, const Parameters& parameters, const PrecisionSpec& precision,
                          int accumulator_bits, const RangeOf& range_of) {
    const FusedGraph graph = fuse(network);
    QuantizedNetwork quantized = structure(network, graph, precision, accumulator_bits, range_of);
    fill(network, parameters, graph, nullptr, quantized);
    return quantized;
}

QuantizedNetwork quantize(const Network& network, const Parameters& parameters, const PrecisionSpec& precision,
                          int accumulator_bits, const TrainedSteps& steps) {
    const FusedGraph graph = fuse(network);
    QuantizedNetwork quantized = structure(network, graph, precision, accumulator_bits, {});
    if (steps.activation_steps.size() != quantized.tensors.size()) {
        throw InputError("network " + network.name, "activation steps",
                         std::to_string(steps.activation_steps.size()) + " are given, " +
                             std::to_string(quantized.tensors.size()) + " are needed");
    }
    for (std::size_t i = 0; i < quantized.tensors.size(); ++i) {
        if (!(steps.activation_steps[i] > 0)) {
            throw InputError("network " + network.name, quantized.tensors[i].name, "needs a step above 0");
        }
        quantized.tensors[i].step = steps.activation_steps[i];
    }
    fill(network, parameters, graph, &steps, quantized);
    return quantized;
}

}  // namespace npusim
