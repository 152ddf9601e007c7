#include <algorithm>

#include "npusim/models/engine/calibration.h"
#include "npusim/models/finetune/training_run.h"

namespace npusim {
namespace {

/// (H, W, C) → (C, H, W), as the executor takes images.
std::vector<float> planes_of(const BatchSource& source, std::int64_t index) {
    const TensorShape shape = source.image_shape();
    std::vector<float> pixels(static_cast<std::size_t>(shape.elements()));
    source.write_batch(std::span(&index, 1), {}, pixels);
    std::vector<float> planes(pixels.size());
    const std::int64_t area = shape.height * shape.width;
    for (std::int64_t p = 0; p < area; ++p) {
        for (std::int64_t c = 0; c < shape.channels; ++c) {
            planes[static_cast<std::size_t>(c * area + p)] = pixels[static_cast<std::size_t>(p * shape.channels + c)];
        }
    }
    return planes;
}

}  // namespace

TrainedSteps calibrated_steps(const Network& network, const Parameters& parameters, const PrecisionSpec& precision,
                              const BatchSource& source, std::int64_t images) {
    const FloatExecutor executor(network, parameters);
    const auto histograms = observe_activations(network, executor, std::min(images, source.size()),
                                                [&](std::int64_t index) { return planes_of(source, index); });
    constexpr int kWidestAccumulatorBits = 47;
    const QuantizedNetwork quantized =
        quantize(network, parameters, precision, kWidestAccumulatorBits, [&](NodeId node, int bits) {
            const ActivationHistogram& histogram = histograms.at(node);
            return ActivationRange{histogram.percentile(activation_percentile(bits)), histogram.smallest < 0};
        });
    TrainedSteps steps;
    for (const auto& tensor : quantized.tensors) steps.activation_steps.push_back(tensor.step);
    return steps;
}

}  // namespace npusim
