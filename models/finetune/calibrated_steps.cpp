#include <algorithm>

#include "npusim/models/engine/calibration.h"
#include "npusim/models/finetune/training_run.h"
#include "source_planes.h"

namespace npusim {

TrainedSteps calibrated_steps(const Network& network, const Parameters& parameters, const PrecisionSpec& precision,
                              const BatchSource& source, std::int64_t images) {
    const FloatExecutor executor(network, parameters);
    const auto histograms = observe_activations(network, executor, std::min(images, source.size()),
                                                [&](std::int64_t index) { return source_planes(source, index); });
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
