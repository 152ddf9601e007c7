#include "cli/analyze_command.h"

#include <tbb/global_control.h>

#include <algorithm>
#include <ostream>
#include <thread>

#include "cli/sources.h"
#include "npusim/base/files.h"
#include "npusim/models/exchange/saved_network.h"
#include "npusim/models/finetune/training_run.h"
#include "npusim/models/graph/zoo.h"

namespace npusim::cli {
namespace {

class Analysis {
public:
    Analysis(const AnalyzeOptions& options, Progress& progress)
        : options_(options), progress_(progress), network_(make_network(options.model, options.image_size)) {
        // Everything is read and checked before anything runs.
        if (!options.weights.empty()) before_ = read_saved_network(options.weights, network_);
        if (!options.tuned.empty()) after_ = read_saved_network(options.tuned, network_);
        if (!options.dataset.empty()) {
            const SourceRequest request{options.dataset, options.data_root, {}, options.seed};
            source_ = open_train_source(request, network_);
            check_batches();
        }
    }

    AnalyzeReport run() {
        describe();
        if (before_ && after_) {
            report_.similarity = weight_similarity(network_, before_->parameters, after_->parameters);
        }
        analyze_precisions();
        measure_noise();
        note_left_out();
        return std::move(report_);
    }

private:
    void check_batches() const {
        std::vector<std::string> problems;
        for (const std::int64_t images : options_.batch_sizes) {
            if (images <= source_->size()) continue;
            problems.push_back("option --batch-sizes: " + std::to_string(images) + " is more than the " +
                               std::to_string(source_->size()) + " images of " + source_->name());
        }
        if ((before_ || after_) && !problems.empty()) throw InputError(problems);
    }

    void describe() {
        report_.network = network_.name;
        report_.title = zoo_entry(options_.model).title;
        report_.version = NPUSIM_VERSION;
        report_.command = options_.command;
        report_.weights_file = options_.weights;
        if (before_) report_.weights_hash = before_->content_hash;
        report_.tuned_file = options_.tuned;
        if (after_) report_.tuned_hash = after_->content_hash;
        report_.dataset = options_.dataset;
        if (source_) report_.dataset_hash = source_->content_hash();
        report_.seed = options_.seed;
        report_.freeze_batch_norm = options_.freeze_batch_norm;
        report_.augment = options_.augment;
        report_.piece_images = options_.piece_images;
        if (!source_) return;
        report_.noise_images = std::min(options_.images, source_->size());
        report_.calibration_images = std::min(options_.calibration_images, source_->size());
    }

    /// Steps for the network before, at this precision.
    [[nodiscard]] TrainedSteps post_training_steps(const PrecisionSpec& precision) const {
        TrainingSetup setup;
        setup.step_rule = StepRule::calibrated;
        setup.precision = precision;
        const TrainedSteps steps =
            calibrated_steps(network_, before_->parameters, precision, *source_, options_.calibration_images);
        return TrainingGraph(network_, before_->parameters, setup, steps).steps();
    }

    void analyze_precisions() {
        progress_.begin("quantization noise");
        for (const int bits : options_.bits) {
            const PrecisionSpec precision = precision_at(options_, bits);
            TrainedSteps steps;
            if (before_ && source_) steps = post_training_steps(precision);
            report_.precisions.push_back(
                precision_analysis(std::to_string(bits) + " bits", precision, before_ ? &*before_ : nullptr, steps));
            steps_.push_back(std::move(steps));
            progress_.update(static_cast<double>(steps_.size()) / static_cast<double>(options_.bits.size() + 1));
        }
        if (!after_ || !after_->quantization) return;
        const SavedQuantization& saved = *after_->quantization;
        report_.precisions.push_back(precision_analysis("tuned", saved.precision, &*after_, saved.steps));
    }

    [[nodiscard]] PrecisionAnalysis precision_analysis(const std::string& name, const PrecisionSpec& precision,
                                                       const SavedNetwork* saved, const TrainedSteps& steps) const {
        PrecisionAnalysis analysis;
        analysis.name = name;
        analysis.precision = precision;
        const Parameters* parameters = saved != nullptr ? &saved->parameters : nullptr;
        analysis.accumulators = accumulator_widths(network_, precision, parameters, steps);
        if (parameters == nullptr) return analysis;
        analysis.weights = weight_quantization_noise(network_, *parameters, precision, steps);
        if (!source_) return analysis;
        analysis.tensors =
            tensor_quantization_noise(network_, *parameters, precision, steps, *source_, report_.noise_images);
        constexpr int accumulator_bits = 47;
        analysis.logits = quantize_structure(network_, precision, accumulator_bits).output;
        return analysis;
    }

    /// At the weights before, at each of the bits; and at the tuned ones, as they are and in fp32.
    void measure_noise() {
        if (!source_) return;
        TrainingSetup fp32;
        fp32.freeze_batch_norm = options_.freeze_batch_norm;
        if (before_) {
            progress_.begin("gradient noise");
            std::vector<NoiseSetup> setups{{"fp32", fp32, {}}};
            for (std::size_t i = 0; i < options_.bits.size(); ++i) {
                TrainingSetup training = fp32;
                training.step_rule = StepRule::calibrated;
                training.precision = report_.precisions[i].precision;
                setups.push_back({report_.precisions[i].name, training, steps_[i]});
            }
            add_noise(before_->parameters, setups);
        }
        if (!after_) return;
        progress_.begin("gradient noise, tuned");
        std::vector<NoiseSetup> setups{{"tuned, in fp32", fp32, {}}};
        if (after_->quantization) {
            TrainingSetup training = fp32;
            training.precision = after_->quantization->precision;
            // Learned steps are those of the file; power-of-two ones follow from the weights.
            training.step_rule =
                training.precision.scales == ScaleKind::power_of_two ? StepRule::calibrated : StepRule::learned;
            setups.push_back({"tuned", training, after_->quantization->steps});
        }
        add_noise(after_->parameters, setups);
    }

    void add_noise(const Parameters& parameters, const std::vector<NoiseSetup>& setups) {
        NoiseOptions noise;
        noise.batch_sizes = options_.batch_sizes;
        noise.batches = options_.batches;
        noise.seed = options_.seed;
        noise.augment = options_.augment;
        noise.piece_images = options_.piece_images;
        for (GradientNoise& one : gradient_noise(network_, parameters, setups, *source_, noise,
                                                 [this](double done) { progress_.update(done); })) {
            report_.noise.push_back(std::move(one));
        }
        // By batch size, in the order of the options; each with all its setups.
        const auto place = [&](const GradientNoise& one) {
            return std::find(noise.batch_sizes.begin(), noise.batch_sizes.end(), one.batch_images);
        };
        std::stable_sort(report_.noise.begin(), report_.noise.end(),
                         [&](const GradientNoise& a, const GradientNoise& b) { return place(a) < place(b); });
    }

    void note_left_out() {
        const auto missing = [&](const std::string& part, std::initializer_list<std::pair<const char*, bool>> needs) {
            std::vector<std::string> names;
            for (const auto& [name, there] : needs) {
                if (!there) names.emplace_back(name);
            }
            if (!names.empty()) report_.left_out.push_back(part + ": needs " + join(names, " and "));
        };
        const bool weights = before_.has_value();
        const bool images = source_ != nullptr;
        missing("weight similarity", {{"--weights", weights}, {"--tuned", after_.has_value()}});
        missing("gradient noise by bits", {{"--weights", weights}, {"--dataset", images}});
        missing("gradient noise of the tuned network", {{"--tuned", after_.has_value()}, {"--dataset", images}});
        missing("quantization noise of weights", {{"--weights", weights}});
        missing("quantization noise of stored tensors", {{"--weights", weights}, {"--dataset", images}});
        missing("accumulator widths for given weights", {{"--weights", weights}});
        if (after_ && !after_->quantization) {
            report_.left_out.push_back("quantization noise of the tuned network: " + options_.tuned +
                                       " holds no steps; it is fp32");
        }
    }

    const AnalyzeOptions& options_;
    Progress& progress_;
    Network network_;
    std::optional<SavedNetwork> before_;
    std::optional<SavedNetwork> after_;
    std::shared_ptr<const BatchSource> source_;
    std::vector<TrainedSteps> steps_;  ///< by bits
    AnalyzeReport report_;
};

}  // namespace

AnalyzeReport analyze(const AnalyzeOptions& options, Progress& progress) {
    const std::size_t threads =
        options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    return Analysis(options, progress).run();
}

void run_analyze_command(const AnalyzeOptions& options, const Style& style, Progress& progress, std::ostream& out) {
    const AnalyzeReport report = analyze(options, progress);
    progress.finish();
    if (!options.json.empty()) write_whole_file(options.json, analysis_json(report));
    if (!options.csv.empty()) write_whole_file(options.csv, analysis_csv(report));
    if (!options.plot.empty()) write_plots(analysis_plots(report), options.plot);
    if (options.quiet) return;
    print_analysis(report, options.layers, style, out);
}

}  // namespace npusim::cli
