// One fused stage of a network while it is trained: main operation, batch norm, residual, ReLU, dropout, quantizers.
#pragma once

#include "batch_vector.h"
#include "npusim/models/layers/batch_norm.h"
#include "npusim/models/layers/conv2d.h"
#include "npusim/models/layers/pointwise.h"
#include "npusim/models/layers/pooling.h"
#include "npusim/models/layers/quantize.h"
#include "npusim/models/layers/quantized_conv2d.h"
#include "npusim/models/quantization/fusion.h"
#include "npusim/models/quantization/quantized_network.h"
#include "trained_tensor.h"

namespace npusim {

/// The shapes that the kernels of layers/ want; the one of the stage's operation is set.
struct KernelShapes {
    ConvShape conv;
    PoolShape pool;
    SlicePadShape slice;
};
[[nodiscard]] KernelShapes kernel_shapes(const QuantizedNode& node);

/// What a stage keeps of a batch from forward to backward, NHWC over the whole batch.
template <typename Scalar>
struct StageMemory {
    BatchVector<Scalar> input;          ///< the input view, gathered, where it is a part of a tensor's channels
    BatchVector<std::uint8_t> codes;    ///< the input's integers, where a quantized convolution keeps them
    BatchVector<std::uint8_t> passes;   ///< gradients: bit 0 through ReLU, bit 1 + d through destination d's quantizer
    BatchVector<Scalar> main_output;    ///< before batch norm
    BatchVector<std::int32_t> winners;  ///< max pooling
    std::vector<double> mean;           ///< one a channel, of the batch or running
    std::vector<double> inverse_deviation;
    BatchNorm<Scalar> norm;  ///< with these
};

/// A stage's weights as the convolution reads them, and their steps.
template <typename Scalar>
struct StageWeights {
    TrainedTensor<Scalar>* tensor = nullptr;  ///< null: the stage has none
    std::vector<double> steps;                ///< one a channel; empty in fp32
    std::vector<double> step_gradients;
    std::vector<double> step_momenta;
    std::vector<Scalar> master;  ///< HWIO, unquantized; not filled in fp32
    std::vector<Scalar> used;    ///< HWIO, as the convolution reads them
};

template <typename Scalar>
struct TrainingStage {
    const Node* main = nullptr;
    const Node* norm = nullptr;  ///< batch norm behind the main node, or the main node itself
    QuantizedNode node;          ///< views, window, bits, destinations
    KernelShapes shapes;
    double drop_probability = 0;

    StageWeights<Scalar> weights;
    TrainedTensor<Scalar>* bias = nullptr;
    TrainedTensor<Scalar>* gamma = nullptr;
    TrainedTensor<Scalar>* beta = nullptr;
    std::vector<Scalar>* running_mean = nullptr;
    std::vector<Scalar>* running_variance = nullptr;
    StageMemory<Scalar> memory;

    [[nodiscard]] bool has_weights() const { return weights.tensor != nullptr; }
    /// The main operation hands its input on, so that nothing needs to be kept of it twice.
    [[nodiscard]] bool is_elementwise() const { return node.op == QuantizedOp::elementwise; }
    [[nodiscard]] std::int64_t pixels() const { return node.output_shape.height * node.output_shape.width; }
    [[nodiscard]] std::int64_t channels() const { return node.output_shape.channels; }
    [[nodiscard]] WeightQuantizer weight_quantizer(Rounding rounding) const {
        return {weights.steps.data(), channels(), node.weight_bits, rounding};
    }
};

}  // namespace npusim
