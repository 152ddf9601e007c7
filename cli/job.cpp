#include "cli/job.h"

#include <tbb/global_control.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "cli/accuracy.h"
#include "cli/drawn_networks.h"
#include "cli/dump.h"
#include "cli/inputs.h"
#include "cli/proof.h"
#include "cli/published.h"
#include "cli/timing_report.h"
#include "npusim/base/error.h"
#include "npusim/models/engine/float_executor.h"
#include "npusim/models/engine/integer_engine.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/quantizer.h"

namespace npusim::cli {
namespace {

class Job {
public:
    Job(const Options& options, const Environment& environment, Progress& progress)
        : options_(options),
          progress_(progress),
          network_(make_network(options.model, options.image_size)),
          trained_(read_trained(options, network_)),
          chip_(read_chip(options, trained_, environment.preset_folder)),
          cache_(environment.cache) {
        if (!is_integer() && (!options.dump.empty() || options.prove_images.value_or(0) > 0)) {
            throw InputError(options.arch, "",
                             "a floating-point chip is simulated for timing and energy only; --dump and --prove-images "
                             "need an integer chip");
        }
    }

    Report run() {
        describe();
        time();
        measure_accuracy();
        prove_and_dump();
        return std::move(report_);
    }

private:
    [[nodiscard]] bool is_integer() const { return chip_.arch.number_format == NumberFormat::integer; }

    void describe() {
        describe_chip(report_, chip_, options_);
        report_.network = {network_.name,          zoo_entry(options_.model).title,
                           network_.input_shape(), network_.classes(),
                           count_macs(network_),   count_parameters(network_)};
        Provenance& from = report_.provenance;
        from.weights_file = options_.weights;
        from.weights_hash = trained_.weights_hash;
        from.dataset = options_.dataset;
        if (trained_.images) {
            from.dataset_hash = trained_.images->test.content_hash;
            from.calibration_hash = trained_.images->calibration.content_hash;
        }
    }

    void time() {
        const StructureOf structure_of = [this](const ArchSpec& arch) {
            return quantize_structure(network_, arch.precision, arch.array.accumulator_bits);
        };
        simulate_timing(report_, chip_.technology, structure_of, options_, progress_);
    }

    [[nodiscard]] std::string missing_for_accuracy() const {
        const std::string command = "npusim --arch " + options_.arch + " --model " + options_.model;
        const std::string dataset = network_.classes() == 10 ? "cifar10:FOLDER" : "images:FOLDER";
        std::string missing;
        if (!trained_.parameters) missing = "trained weights (--weights)";
        if (!trained_.images) missing += std::string(missing.empty() ? "" : " and ") + "labelled images (--dataset)";
        return "not measured: " + missing + " missing; " + command + " --weights " +
               (trained_.parameters ? options_.weights : options_.model + ".safetensors") + " --dataset " +
               (trained_.images ? options_.dataset : dataset);
    }

    void measure_accuracy() {
        limit_.emplace(tbb::global_control::max_allowed_parallelism,
                       options_.threads != 0 ? options_.threads : std::max(1U, std::thread::hardware_concurrency()));
        Accuracy& accuracy = report_.accuracy;
        if (trains_itself()) take_drawn_networks();
        if (!trained_.parameters || !trained_.images) {
            accuracy.missing = missing_for_accuracy();
            accuracy.published = published_text(options_.model);
            return;
        }
        const Dataset& test = trained_.images->test;
        accuracy.origin = trained_.origin;
        accuracy.test_images_of = trained_.images->test_images;
        accuracy.test_images = std::min(options_.test_images.value_or(test.size()), test.size());
        const Parameters* fp32 = trained_.baseline ? &*trained_.baseline : &*trained_.parameters;
        if (trained_.baseline || !trained_.quantization) {
            accuracy.fp32_top1 = fp32_top1(network_, *fp32, test, accuracy.test_images, progress_);
        }
        if (!is_integer()) return;
        if (accuracy.fp32_top1) {
            accuracy.calibration_images = trained_.images->calibration.size();
            const QuantizedNetwork calibrated = calibrated_network(*fp32);
            accuracy.quantized_top1 = quantized_top1(calibrated, test, accuracy.test_images, progress_);
        }
        quantize_network();
        if (trained_.quantization) {
            accuracy.tuned_top1 = quantized_top1(*quantized_, test, accuracy.test_images, progress_);
        }
    }

    /// Nothing was given, and the network is small enough to be trained on drawn images while a person waits.
    [[nodiscard]] bool trains_itself() const {
        return options_.train && options_.weights.empty() && options_.dataset.empty() && can_be_drawn(network_);
    }

    void take_drawn_networks() {
        DrawnNetworks drawn =
            drawn_networks(network_, is_integer() ? &chip_.arch.precision : nullptr, cache_, progress_);
        trained_.baseline = drawn.fp32;
        trained_.parameters = std::move(drawn.tuned);
        trained_.quantization = std::move(drawn.quantization);
        trained_.origin = drawn.origin;
        trained_.images = read_labelled_images(kDrawnDataset, options_, network_);
        report_.provenance.dataset = kDrawnDataset;
        report_.provenance.dataset_hash = trained_.images->test.content_hash;
        report_.provenance.calibration_hash = trained_.images->calibration.content_hash;
    }

    [[nodiscard]] QuantizedNetwork calibrated_network(const Parameters& parameters) {
        return calibrate_and_quantize(
            network_, parameters, chip_.arch.precision, chip_.arch.array.accumulator_bits,
            trained_.images->calibration.size(),
            [&](std::int64_t index) { return network_input(trained_.images->calibration, index); }, progress_);
    }

    /// With the weights and images given; with random ones for those that are not.
    void quantize_network() {
        if (quantized_) return;
        if (trained_.quantization) {
            quantized_ = quantize(network_, *trained_.parameters, chip_.arch.precision,
                                  chip_.arch.array.accumulator_bits, trained_.quantization->steps);
        } else if (trained_.parameters && trained_.images) {
            quantized_ = calibrated_network(*trained_.parameters);
        } else {
            quantized_ = randomly_calibrated_network();
        }
        note_accumulators(report_, *quantized_);
    }

    [[nodiscard]] QuantizedNetwork randomly_calibrated_network() {
        constexpr std::int64_t images = 8;
        if (!trained_.parameters) trained_.parameters = random_parameters(network_, options_.seed);
        const auto random = random_images(network_.input_shape(), images, options_.seed);
        return calibrate_and_quantize(
            network_, *trained_.parameters, chip_.arch.precision, chip_.arch.array.accumulator_bits, images,
            [&](std::int64_t index) { return random[static_cast<std::size_t>(index)]; }, progress_);
    }

    [[nodiscard]] IntegerImages images_to_prove(std::int64_t count) const {
        IntegerImages images;
        if (trained_.images) {
            for (std::int64_t i = 0; i < std::min(count, trained_.images->test.size()); ++i) {
                images.push_back(quantize_image(*quantized_, network_input(trained_.images->test, i)));
            }
            return images;
        }
        // Other images than those that calibrated.
        for (const auto& image : random_images(network_.input_shape(), count, options_.seed + 1)) {
            images.push_back(quantize_image(*quantized_, image));
        }
        return images;
    }

    void prove_and_dump() {
        const bool dump = !options_.dump.empty();
        const bool with_data = trained_.parameters && trained_.images;
        const std::int64_t wanted =
            options_.prove_images.value_or(with_data || dump ? affordable_images(report_.network.macs) : 0);
        const std::int64_t count = dump ? std::max<std::int64_t>(wanted, 1) : wanted;
        if (count == 0 || !is_integer()) return;
        const bool random_weights = !trained_.parameters;
        quantize_network();
        IntegerImages first;
        report_.proof = prove(
            *quantized_, chip_.arch, images_to_prove(count), report_.result,
            [&](std::size_t image, const IntegerImages& tensors) {
                if (image == 0 && dump) first = tensors;
            },
            progress_);
        report_.proof->random_weights = random_weights;
        report_.proof->random_images = !trained_.images;
        if (dump) write_dump(options_.dump, report_.provenance, *quantized_, first);
    }

    const Options& options_;
    Progress& progress_;
    Network network_;
    TrainedInputs trained_;
    ChipFiles chip_;
    std::filesystem::path cache_;
    std::optional<tbb::global_control> limit_;
    std::optional<QuantizedNetwork> quantized_;
    Report report_;
};

}  // namespace

Report run_job(const Options& options, const Environment& environment, Progress& progress) {
    return Job(options, environment, progress).run();
}

}  // namespace npusim::cli
