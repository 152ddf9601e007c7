// Networks with random weights, quantized by the activations of random images.
#pragma once

#include <optional>
#include <vector>

#include "npusim/models/engine/calibration.h"
#include "npusim/models/engine/integer_engine.h"
#include "npusim/models/quantization/quantizer.h"

namespace npusim::test {

/// Quantizes by the activations of `images`: up to the percentile that belongs to the bits, or up to the largest one
/// where `clip` is false.
inline QuantizedNetwork quantize_calibrated(const Network& network, const Parameters& parameters,
                                            const PrecisionSpec& precision, int accumulator_bits,
                                            const std::vector<std::vector<float>>& images, bool clip = true) {
    const FloatExecutor executor(network, parameters);
    const auto histograms = observe_activations(network, executor, static_cast<std::int64_t>(images.size()),
                                                [&](std::int64_t i) { return images[static_cast<std::size_t>(i)]; });
    return quantize(network, parameters, precision, accumulator_bits, [&](NodeId node, int bits) -> ActivationRange {
        const double percent = clip ? activation_percentile(bits) : 100;
        return {histograms[node].percentile(percent), histograms[node].smallest < 0};
    });
}

inline PrecisionSpec uniform_precision(int bits) {
    PrecisionSpec precision;
    precision.weight_bits = precision.activation_bits = precision.first_last_bits = bits;
    precision.input_bits = precision.residual_bits = bits;
    return precision;
}

/// The logits as real numbers.
inline std::vector<double> real_logits(const QuantizedNetwork& network, const std::vector<float>& image) {
    const auto integers = IntegerEngine(network).run(quantize_image(network, image));
    const double step = network.tensors[network.output].step;
    std::vector<double> logits;
    logits.reserve(integers.size());
    for (const std::int32_t integer : integers) logits.push_back(step * integer);
    return logits;
}

}  // namespace npusim::test
