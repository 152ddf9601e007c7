#include <tbb/parallel_for.h>

#include <cmath>
#include <map>

#include "layer_weights.h"
#include "npusim/base/error.h"
#include "npusim/models/engine/float_executor.h"
#include "npusim/models/engine/integer_engine.h"
#include "npusim/models/finetune/analysis.h"
#include "source_planes.h"

namespace npusim {
namespace {

constexpr int kWidestAccumulatorBits = 47;

struct Sums {
    double signal = 0;
    double noise = 0;

    void add(double exact, double stored) {
        signal += exact * exact;
        noise += (exact - stored) * (exact - stored);
    }
};

QuantizationNoise noise_of(const std::string& name, int bits, std::int64_t elements, const Sums& sums) {
    constexpr double decibels_a_decade = 10;
    QuantizationNoise result{name, bits, elements, sums.signal, sums.noise, {}};
    if (sums.signal > 0 && sums.noise > 0) {
        result.decibels = decibels_a_decade * std::log10(sums.signal / sums.noise);
    }
    return result;
}

/// Stored tensors are named after the graph node whose value they hold, with ":" and their bits behind it.
std::map<NodeId, std::vector<TensorId>> tensors_by_node(const Network& network, const QuantizedNetwork& quantized) {
    std::map<std::string, NodeId> node_named;
    for (NodeId id = 0; id < network.nodes.size(); ++id) node_named[network.nodes[id].name] = id;
    std::map<NodeId, std::vector<TensorId>> tensors;
    for (TensorId id = 0; id < quantized.tensors.size(); ++id) {
        const std::string& name = quantized.tensors[id].name;
        tensors[node_named.at(name.substr(0, name.rfind(':')))].push_back(id);
    }
    return tensors;
}

}  // namespace

std::vector<QuantizationNoise> weight_quantization_noise(const Network& network, const Parameters& parameters,
                                                         const PrecisionSpec& precision, const TrainedSteps& steps) {
    std::vector<QuantizationNoise> result;
    for (const QuantizedNode& node : quantize_structure(network, precision, kWidestAccumulatorBits).nodes) {
        if (node.op != QuantizedOp::convolution) continue;
        const std::vector<float>& exact = parameters.at(weight_name(node.name)).values;
        const QuantizedWeights integers = layer_integers(parameters, node, precision, steps);
        const std::size_t depth = exact.size() / integers.steps.size();
        Sums sums;
        for (std::size_t i = 0; i < exact.size(); ++i) {
            sums.add(exact[i], integers.steps[i / depth] * integers.values[i]);
        }
        result.push_back(noise_of(node.name, node.weight_bits, static_cast<std::int64_t>(exact.size()), sums));
    }
    return result;
}

std::vector<QuantizationNoise> tensor_quantization_noise(const Network& network, const Parameters& parameters,
                                                         const PrecisionSpec& precision, const TrainedSteps& steps,
                                                         const BatchSource& source, std::int64_t images) {
    if (images < 1 || images > source.size()) {
        throw InputError(source.name(), "images",
                         std::to_string(images) + " is not allowed, 1 to " + std::to_string(source.size()) + " are");
    }
    const QuantizedNetwork quantized = quantize(network, parameters, precision, kWidestAccumulatorBits, steps);
    const auto tensors = tensors_by_node(network, quantized);
    const FloatExecutor executor(network, parameters);
    const IntegerEngine engine(quantized);
    std::vector<std::vector<Sums>> by_image(static_cast<std::size_t>(images));
    tbb::parallel_for(std::size_t{0}, by_image.size(), [&](std::size_t i) {
        by_image[i].resize(quantized.tensors.size());
        const std::vector<float> image = source_planes(source, static_cast<std::int64_t>(i));
        const std::vector<IntegerTensor> integers = engine.run_all(quantize_image(quantized, image));
        executor.run(image, [&](NodeId node, std::span<const float> exact) {
            const auto found = tensors.find(node);
            if (found == tensors.end()) return;
            for (const TensorId id : found->second) {
                const double step = quantized.tensors[id].step;
                for (std::size_t k = 0; k < exact.size(); ++k) {
                    by_image[i][id].add(exact[k], step * integers[id].values[k]);
                }
            }
        });
    });
    std::vector<QuantizationNoise> result;
    for (TensorId id = 0; id < quantized.tensors.size(); ++id) {
        Sums sums;
        for (const std::vector<Sums>& image : by_image) {
            sums.signal += image[id].signal;
            sums.noise += image[id].noise;
        }
        const QuantizedTensor& tensor = quantized.tensors[id];
        result.push_back(noise_of(tensor.name.substr(0, tensor.name.rfind(':')), tensor.bits,
                                  images * tensor.shape.elements(), sums));
    }
    return result;
}

std::vector<AccumulatorWidth> accumulator_widths(const Network& network, const PrecisionSpec& precision,
                                                 const Parameters* parameters, const TrainedSteps& steps) {
    const QuantizedNetwork structure = quantize_structure(network, precision, kWidestAccumulatorBits);
    std::vector<AccumulatorWidth> result;
    for (QuantizedNode node : structure.nodes) {
        if (node.op != QuantizedOp::convolution) continue;
        AccumulatorWidth width{node.name, node.reduction_size(), node.weight_bits, node.input_bits, 0, {}};
        width.any_weights_bits = accumulator_bound(structure, node).safe_bits;
        if (parameters != nullptr) {
            node.weights = layer_integers(*parameters, node, precision, steps).values;
            width.these_weights_bits = accumulator_bound(structure, node).safe_bits;
        }
        result.push_back(std::move(width));
    }
    return result;
}

}  // namespace npusim
