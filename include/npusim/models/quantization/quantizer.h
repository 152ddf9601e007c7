// From an fp32 network to integers: fuses nodes, decides what is stored at which precision, and (with weights and
// calibrated ranges) computes integer weights, steps, multipliers, shifts and biases.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "npusim/models/graph/network.h"
#include "npusim/models/parameters.h"
#include "npusim/models/quantization/quantized_network.h"

namespace npusim {

/// Range of one node's fp32 output, for a tensor of `bits` bits: values beyond ±magnitude are clipped.
struct ActivationRange {
    double magnitude = 0;
    bool has_negative = false;
};
using RangeOf = std::function<ActivationRange(NodeId node, int bits)>;

/// Structure only: enough to lower and to time. Throws InputError when the graph holds something that the integer
/// machine cannot do, naming the node.
[[nodiscard]] QuantizedNetwork quantize_structure(const Network& network, const PrecisionSpec& precision,
                                                  int accumulator_bits);

/// Post-training quantization. Weight steps minimize the squared error of each tensor or channel; activation steps
/// follow `range_of`. `parameters` must hold every inference parameter.
[[nodiscard]] QuantizedNetwork quantize(const Network& network, const Parameters& parameters,
                                        const PrecisionSpec& precision, int accumulator_bits, const RangeOf& range_of);

/// Steps that fine-tuning arrived at.
struct TrainedSteps {
    std::vector<double> activation_steps;  ///< indexed as QuantizedNetwork::tensors of quantize_structure
    /// For each convolution and linear node by name, one step for each output channel (all alike per tensor).
    std::map<std::string, std::vector<double>> weight_steps;
};

/// Quantization with given steps. Throws InputError when a step is missing, not positive or one too many.
[[nodiscard]] QuantizedNetwork quantize(const Network& network, const Parameters& parameters,
                                        const PrecisionSpec& precision, int accumulator_bits,
                                        const TrainedSteps& steps);

/// The percentile of |activation| that bounds the range (McKinstry et al. 2018: 99.99 at 8 bits, 99.9 at 4).
[[nodiscard]] double activation_percentile(int bits);

}  // namespace npusim
