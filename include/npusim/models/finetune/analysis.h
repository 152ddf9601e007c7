// Questions about fine-tuning that McKinstry et al. 2018 (arXiv 1809.04191) ask: how far did the weights go, how noisy
// are gradients in low precision, and what does quantization cost each layer? Their bound on the iterations of gradient
// descent, k <= (σ² + L‖x₀ − x*‖²)² / ε², takes σ² from gradient_noise and ‖x₀ − x*‖² from weight_similarity.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "npusim/models/finetune/training_graph.h"
#include "npusim/workloads/datasets/batch_source.h"

namespace npusim {

/// Two vectors of parameters, x before and y after.
struct VectorSimilarity {
    std::string name;
    std::int64_t elements = 0;
    std::optional<double> cosine;             ///< none when x or y is 0
    std::optional<double> relative_distance;  ///< ‖y − x‖ / ‖x‖; none when x is 0
    double squared_distance = 0;              ///< ‖y − x‖²
};

struct WeightSimilarity {
    std::vector<VectorSimilarity> layers;  ///< weights of each convolution and linear layer, in graph order
    VectorSimilarity weights;              ///< all of those as one vector, whose cosine the paper reports
    VectorSimilarity trained;              ///< all trained parameters: batch norm's and biases too
};
/// Both must hold every inference parameter of the network.
[[nodiscard]] WeightSimilarity weight_similarity(const Network& network, const Parameters& before,
                                                 const Parameters& after);

/// One precision at which gradients are taken.
struct NoiseSetup {
    std::string name;
    TrainingSetup training;
    TrainedSteps steps;  ///< as BasicTrainingGraph takes them; none in fp32
};

struct NoiseOptions {
    std::vector<std::int64_t> batch_sizes = {32, 128, 512};
    std::int64_t batches = 20;  ///< of each size; at least 2
    std::uint64_t seed = 0;     ///< of the order of the images
    bool augment = true;        ///< images are moved at random, as training sees them
    /// A batch is computed in pieces of at most this many images; batch norm sees the statistics of a piece.
    std::int64_t piece_images = 128;
    double average_decay = 0.9;  ///< of the moving average
};

/// Of the gradient g of one vector of parameters, over random batches.
struct NoiseFigures {
    std::string name;
    std::int64_t elements = 0;
    double variance = 0;           ///< E‖g − E g‖², unbiased: the sum is divided by one batch less
    double squared_mean = 0;       ///< ‖E g‖², unbiased, so that pure noise gives about 0 or a little less
    std::optional<double> share;   ///< variance / E‖g‖²: 0 without noise, 1 without signal; none when g is 0
    std::optional<double> steady;  ///< mean cosine with the moving average of the gradients before it
    /// Mean cosine with the fp32 gradient of the same batch; none for fp32 itself or without it.
    std::optional<double> true_to_fp32;
};

struct GradientNoise {
    std::string setup;
    std::int64_t batch_images = 0;
    std::int64_t batches = 0;
    double loss = 0;                   ///< mean over all images that were seen
    std::vector<NoiseFigures> layers;  ///< weights of each convolution and linear layer
    NoiseFigures weights;              ///< all of those as one vector
    NoiseFigures trained;              ///< all trained parameters
};

/// Measures at a fixed point: forward and backward only. All setups see the same batches, drawn without replacement
/// until an epoch is over.
///
/// The paper's figure of noise is the cosine between an instantaneous weight change and an exponential moving average
/// of the steps; it does not say at which point, with which average, or whether momentum and weight decay belong to it.
/// Here: the change is that of plain gradient descent (−g, whose cosine is that of g) at the given parameters; the
/// average has decay 0.9 and ends with the batch before, so that a gradient is not compared with itself; and cosines
/// count from half of the batches on, when the average has seen enough. The first setup without quantization is the
/// fp32 that the others are compared with.
///
/// One result for each batch size and setup, in this order. Same bytes on any number of threads. Throws InputError for
/// options out of range or a source that does not fit the network.
[[nodiscard]] std::vector<GradientNoise> gradient_noise(const Network& network, const Parameters& parameters,
                                                        const std::vector<NoiseSetup>& setups,
                                                        const BatchSource& source, const NoiseOptions& options,
                                                        const std::function<void(double done)>& progress = {});

struct QuantizationNoise {
    std::string name;  ///< of the layer, or of the stored tensor
    int bits = 0;
    std::int64_t elements = 0;
    double signal = 0;               ///< sum of squares
    double noise = 0;                ///< sum of squared errors
    std::optional<double> decibels;  ///< 10·log10(signal / noise); none when either is 0
};

/// Of the weights of each convolution and linear layer. Layers that `steps` has no weight steps for get those of least
/// squared error. Batch norm stays out of the weights.
[[nodiscard]] std::vector<QuantizationNoise> weight_quantization_noise(const Network& network,
                                                                       const Parameters& parameters,
                                                                       const PrecisionSpec& precision,
                                                                       const TrainedSteps& steps = {});

/// Of each stored tensor, as QuantizedNetwork::tensors: the integer engine's real values against the fp32 network's,
/// over the first `images` images of the source, as evaluation shows them. Errors of earlier layers are in it. `steps`
/// must be complete. Same bytes on any number of threads.
[[nodiscard]] std::vector<QuantizationNoise> tensor_quantization_noise(const Network& network,
                                                                       const Parameters& parameters,
                                                                       const PrecisionSpec& precision,
                                                                       const TrainedSteps& steps,
                                                                       const BatchSource& source, std::int64_t images);

/// Two's complement widths of accumulators that cannot overflow.
struct AccumulatorWidth {
    std::string name;
    std::int64_t reduction_size = 0;  ///< products in a sum
    int weight_bits = 0;
    int input_bits = 0;
    int any_weights_bits = 0;               ///< whatever weights there are
    std::optional<int> these_weights_bits;  ///< for the integers of the given parameters
};
/// Of each convolution and linear layer; weight steps as in weight_quantization_noise. `parameters` may be null.
[[nodiscard]] std::vector<AccumulatorWidth> accumulator_widths(const Network& network, const PrecisionSpec& precision,
                                                               const Parameters* parameters,
                                                               const TrainedSteps& steps = {});

}  // namespace npusim
