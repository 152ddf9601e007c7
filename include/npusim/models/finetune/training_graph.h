// Forward and backward of a whole network on batches, in fp32 or with quantized weights and activations (McKinstry et
// al. 2018): integer-valued forward, straight-through backward.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "npusim/models/graph/network.h"
#include "npusim/models/layers/loss.h"
#include "npusim/models/parameters.h"
#include "npusim/models/quantization/quantizer.h"
#include "npusim/ranks/ranks.h"

namespace npusim {

/// How steps follow the weights while they change.
enum class StepRule {
    none,        ///< fp32: nothing is quantized
    calibrated,  ///< weight steps of least squared error, found again in each iteration; activation steps stay (FAQ)
    learned,     ///< weight and activation steps are trained too (LSQ, Esser et al. 2020)
};

struct TrainingSetup {
    StepRule step_rule = StepRule::none;
    PrecisionSpec precision;
    /// Batch norm uses its running statistics and leaves them as they are.
    bool freeze_batch_norm = false;
    double batch_norm_momentum = 0.1;
    LossOptions loss;
    std::uint64_t dropout_seed = 1;
    /// The batch is cut into parts of this many images; sums over parts run in their order, so that the result does
    /// not depend on the number of threads.
    std::int64_t part_images = 16;
    /// Processes that hold this graph too and share each batch's parts with it, to the same bits as one process: all
    /// must make the same calls. Null: this one works alone. Must outlive the graph.
    Ranks* ranks = nullptr;
};

struct BatchLoss {
    double loss_sum = 0;
    std::int64_t correct = 0;
    std::int64_t images = 0;
};

struct SgdOptions {
    double learning_rate = 0.1;
    double momentum = 0.9;
    double weight_decay = 0.0;  ///< not for batch norm, biases and steps
    bool nesterov = false;
};

/// What a checkpoint needs beside parameters and steps.
struct OptimizerState {
    Parameters momenta;         ///< by parameter name
    TrainedSteps step_momenta;  ///< learned steps only
    std::uint64_t passes = 0;   ///< which dropout counts
};

/// Scalar: float, or double for comparisons. Throws InputError in the constructor for a precision that cannot be
/// trained, a network that cannot be fused, or missing steps.
template <typename Scalar>
class BasicTrainingGraph {
public:
    /// `parameters` must hold every inference parameter. With quantization, `steps` holds the activation steps of
    /// quantize_structure(network, setup.precision)'s tensors; weight steps that it lacks are found by least squares.
    BasicTrainingGraph(const Network& network, const Parameters& parameters, const TrainingSetup& setup,
                       const TrainedSteps& steps = {});
    ~BasicTrainingGraph();
    BasicTrainingGraph(BasicTrainingGraph&&) noexcept;
    BasicTrainingGraph& operator=(BasicTrainingGraph&&) noexcept;

    /// Loss and gradients of the mean loss of `total_images` images, of which this batch are some. `images` are
    /// (N, H, W, C), normalized; `teacher` are another network's logits [N][classes], for distillation. Gradients
    /// replace those at hand, or add to them when `accumulate`. Throws InputError when the loss is not finite.
    BatchLoss forward_backward(std::span<const Scalar> images, std::span<const std::int32_t> labels,
                               std::int64_t total_images, bool accumulate, std::span<const Scalar> teacher = {});
    /// The images of a batch of `count` that this process needs, first and end; all of them without ranks.
    [[nodiscard]] std::pair<std::int64_t, std::int64_t> own_images(std::int64_t count) const;
    /// One step of stochastic gradient descent with the gradients at hand.
    void step(const SgdOptions& options);

    /// Logits [N][classes] in evaluation mode: running statistics, no dropout. Valid until the next call.
    [[nodiscard]] std::span<const Scalar> logits(std::span<const Scalar> images, std::int64_t count);

    /// The same with the machine's requantizers, which `integers` (quantize() of these parameters and steps) holds, in
    /// place of batch norm, ReLU and quantizers: real numbers all the way, each a step times the machine's integer. In
    /// double they are those of the integer engine to the bit.
    [[nodiscard]] std::span<const Scalar> logits(std::span<const Scalar> images, std::int64_t count,
                                                 const QuantizedNetwork& integers);

    /// The present parameters, running statistics included.
    [[nodiscard]] Parameters parameters() const;
    /// The present steps; call only when the graph quantizes.
    [[nodiscard]] TrainedSteps steps() const;
    [[nodiscard]] OptimizerState optimizer_state() const;
    void set_optimizer_state(const OptimizerState& state);
    /// The gradient of one parameter, torch layout. Throws std::out_of_range for an unknown name.
    [[nodiscard]] const std::vector<Scalar>& gradient(const std::string& parameter) const;
    /// Names of the trained parameters, in graph order.
    [[nodiscard]] std::vector<std::string> trained_names() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

using TrainingGraph = BasicTrainingGraph<float>;

}  // namespace npusim
