// Top-1 beside the figures: of trained weights quantized at each precision, or of a network fine-tuned at one.
#include <tbb/global_control.h>

#include <algorithm>
#include <thread>

#include "cli/accuracy.h"
#include "cli/format.h"
#include "cli/inputs.h"
#include "cli/scaling_study.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/quantizer.h"

namespace npusim::cli {

void measure_scaled_accuracy(ScalingReport& report, const Options& options, Progress& progress) {
    const tbb::global_control limit(
        tbb::global_control::max_allowed_parallelism,
        options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency()));
    const Network network = make_network(options.model, options.image_size);
    const TrainedInputs trained = read_trained(options, network);
    report.provenance.weights_file = options.weights;
    report.provenance.weights_hash = trained.weights_hash;
    report.provenance.dataset = options.dataset;
    report.provenance.dataset_hash = trained.images->test.content_hash;
    report.provenance.calibration_hash = trained.images->calibration.content_hash;
    const Dataset& test = trained.images->test;
    const std::int64_t count = std::min(options.test_images.value_or(test.size()), test.size());
    for (ScalingPoint& point : report.equal_macs.points) {
        if (!point.failure.empty()) continue;
        const int accumulator_bits = point.arch.array.accumulator_bits;
        if (trained.quantization) {
            const PrecisionSpec& precision = trained.quantization->precision;
            if (precision.weight_bits != point.bits || precision.activation_bits != point.bits) continue;
            point.top1 = quantized_top1(
                quantize(network, *trained.parameters, precision, accumulator_bits, trained.quantization->steps), test,
                count, progress);
            continue;
        }
        const QuantizedNetwork quantized = calibrate_and_quantize(
            network, *trained.parameters, point.arch.precision, accumulator_bits, trained.images->calibration.size(),
            [&](std::int64_t index) { return network_input(trained.images->calibration, index); }, progress);
        point.top1 = quantized_top1(quantized, test, count, progress);
    }
    report.test_data = thousands(static_cast<std::uint64_t>(count)) + " test images, " +
                       (trained.quantization ? "fine-tuned at its own precision"
                                             : "weights quantized after training, first and last layer too");
}

}  // namespace npusim::cli
