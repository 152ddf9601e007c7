#include "cli/accuracy.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>

#include "cli/inputs.h"
#include "cli/pixel_integers.h"
#include "npusim/models/engine/calibration.h"
#include "npusim/models/engine/float_executor.h"
#include "npusim/models/engine/integer_engine.h"
#include "npusim/models/quantization/quantizer.h"

namespace npusim::cli {
namespace {

template <typename Logits>
bool is_right(const Dataset& dataset, std::int64_t index, const Logits& logits) {
    const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
    return best == dataset.labels[static_cast<std::size_t>(index)];
}

template <typename LogitsOf>
double top1(const Dataset& dataset, std::int64_t count, Progress& progress, const LogitsOf& logits_of) {
    std::atomic<std::int64_t> right{0};
    std::atomic<std::int64_t> done{0};
    tbb::parallel_for(std::int64_t{0}, count, [&](std::int64_t index) {
        right += is_right(dataset, index, logits_of(index)) ? 1 : 0;
        progress.update(static_cast<double>(++done) / static_cast<double>(count));
    });
    return static_cast<double>(right) / static_cast<double>(count);
}

}  // namespace

double fp32_top1(const Network& network, const Parameters& parameters, const Dataset& dataset, std::int64_t count,
                 Progress& progress) {
    progress.begin("fp32 accuracy");
    const FloatExecutor executor(network, parameters);
    return top1(dataset, count, progress,
                [&](std::int64_t index) { return executor.run(network_input(dataset, index)); });
}

double quantized_top1(const QuantizedNetwork& network, const Dataset& dataset, std::int64_t count, Progress& progress) {
    progress.begin("quantized accuracy");
    const IntegerEngine engine(network);
    const PixelIntegers images(network, dataset);
    std::atomic<std::int64_t> right{0};
    std::atomic<std::int64_t> done{0};
    engine.run_each(
        count, [&](std::int64_t index, std::span<std::int32_t> image) { images.write(index, image); },
        [&](std::int64_t index, std::span<const std::int32_t> logits) {
            right += is_right(dataset, index, logits) ? 1 : 0;
            progress.update(static_cast<double>(++done) / static_cast<double>(count));
        });
    return static_cast<double>(right) / static_cast<double>(count);
}

QuantizedNetwork calibrate_and_quantize(const Network& network, const Parameters& parameters,
                                        const PrecisionSpec& precision, int accumulator_bits, std::int64_t count,
                                        const std::function<std::vector<float>(std::int64_t)>& image,
                                        Progress& progress) {
    progress.begin("calibration");
    const FloatExecutor executor(network, parameters);
    std::atomic<std::int64_t> asked{0};
    const auto histograms = observe_activations(network, executor, count, [&](std::int64_t index) {
        // Histograms take two passes over the images: one for their range, one to count.
        constexpr double passes = 2;
        progress.update(static_cast<double>(asked++) / (passes * static_cast<double>(count)));
        return image(index);
    });
    const auto range_of = [&](NodeId node, int bits) {
        const ActivationHistogram& histogram = histograms.at(node);
        return ActivationRange{histogram.percentile(activation_percentile(bits)), histogram.smallest < 0};
    };
    return quantize(network, parameters, precision, accumulator_bits, range_of);
}

}  // namespace npusim::cli
