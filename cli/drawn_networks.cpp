#include "cli/drawn_networks.h"

#include <algorithm>
#include <chrono>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/models/finetune/training_run.h"
#include "npusim/workloads/datasets/shapes.h"

namespace npusim::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// Two passes over 10,000 images: found on held-out drawn images of the training stream (docs/faq.md).
Recipe fp32_recipe() {
    Recipe recipe;
    recipe.epochs = 2;
    recipe.batch_images = 64;
    recipe.learning_rate = {ScheduleKind::cosine, 0.05, 5e-4, 0.1, {}, 0};
    recipe.nesterov = true;
    recipe.weight_decay = 5e-4;
    return recipe;
}

Recipe tuning_recipe(const PrecisionSpec& precision) {
    Recipe recipe;
    constexpr int kFewBits = 3;
    const bool few_bits = std::min(precision.weight_bits, precision.activation_bits) <= kFewBits;
    recipe.epochs = few_bits ? 2 : 1;
    recipe.batch_images = 64;
    recipe.learning_rate = {ScheduleKind::exponential, few_bits ? 0.02 : 0.01, few_bits ? 2e-4 : 1e-4, 0.1, {}, 0};
    recipe.precision = precision;
    recipe.step_rule = precision.scales == ScaleKind::free ? StepRule::learned : StepRule::calibrated;
    return recipe;
}

class DrawnMaker {
public:
    DrawnMaker(const Network& network, const std::filesystem::path& cache, Progress& progress)
        : network_(network), cache_(cache), progress_(progress) {}

    DrawnNetworks make(const PrecisionSpec* precision) {
        DrawnNetworks drawn;
        const SavedNetwork fp32 = trained("fp32", fp32_recipe(), initial_parameters(network_, 0));
        drawn.fp32 = drawn.tuned = fp32.parameters;
        if (precision != nullptr && precision->batch_norm == BatchNormPlacement::multiplier) {
            const SavedNetwork tuned = trained("tuned", tuning_recipe(*precision), fp32.parameters);
            drawn.tuned = tuned.parameters;
            drawn.quantization = tuned.quantization;
        }
        drawn.origin = origin();
        return drawn;
    }

private:
    /// Named by everything that decides its content.
    [[nodiscard]] std::filesystem::path cached_file(const char* kind, const TrainingJob& job) const {
        if (cache_.empty()) return {};
        std::string identity = job.network.name + job.train->content_hash() + to_json(job.recipe).dump();
        for (const auto& [name, tensor] : job.start) {
            identity += content_hash(std::as_bytes(std::span(tensor.values)));
        }
        return cache_ / (job.network.name + "-" + kind + "-" + content_hash(identity) + ".safetensors");
    }

    SavedNetwork trained(const char* kind, const Recipe& recipe, const Parameters& start) {
        if (!images_) {
            Dataset dataset = make_shapes_train(kShapesTrainImages, kShapesSeed);
            const Augmentation augmentation = usual_augmentation(dataset);
            images_ = memory_source(std::move(dataset), augmentation, recipe.seed);
        }
        const TrainingJob job{network_, start, images_.get(), nullptr, recipe, {}, 0};
        const std::filesystem::path file = cached_file(kind, job);
        std::error_code ignored;
        if (!file.empty() && std::filesystem::is_regular_file(file, ignored)) {
            try {
                SavedNetwork saved = read_saved_network(file, network_);
                found_.push_back(file.string());
                return saved;
            } catch (const InputError&) {
                // A damaged file of the cache is made again.
            }
        }
        SavedNetwork saved = train(job);
        keep(saved, file);
        return saved;
    }

    SavedNetwork train(const TrainingJob& job) {
        const Clock::time_point began = Clock::now();
        progress_.begin(job.recipe.step_rule == StepRule::none ? "training on drawn images"
                                                               : "fine-tuning on drawn images");
        TrainingObserver observer;
        observer.iteration = [&](const TrainingProgress& at) {
            progress_.update(static_cast<double>(at.iteration) / static_cast<double>(at.iterations));
        };
        const TrainingResult result = run_training(job, observer);
        seconds_ += std::chrono::duration<double>(Clock::now() - began).count();
        SavedNetwork saved;
        saved.parameters = result.parameters;
        if (result.steps) saved.quantization = SavedQuantization{job.recipe.precision, *result.steps};
        saved.metadata["npusim.network"] = network_.name;
        saved.metadata["npusim.recipe"] = to_json(job.recipe).dump();
        return saved;
    }

    /// A cache that cannot be written costs time, not the result.
    static void keep(const SavedNetwork& saved, const std::filesystem::path& file) {
        if (file.empty()) return;
        std::error_code ignored;
        std::filesystem::create_directories(file.parent_path(), ignored);
        try {
            write_saved_network(saved, file);
        } catch (const InputError&) {
            // Made again next time.
        }
    }

    [[nodiscard]] std::string origin() const {
        std::string text =
            "trained by npusim on " + std::to_string(kShapesTrainImages) + " drawn images (data set \"shapes\"), ";
        if (found_.empty()) return text + "now, in " + duration(seconds_);
        text += found_.size() == 1 && seconds_ > 0 ? "in fp32 by an earlier run (" : "by an earlier run (";
        return text + std::filesystem::path(found_.back()).parent_path().string() + ")";
    }

    const Network& network_;
    std::filesystem::path cache_;
    Progress& progress_;
    std::unique_ptr<BatchSource> images_;
    std::vector<std::string> found_;
    double seconds_ = 0;
};

}  // namespace

bool can_be_drawn(const Network& network) {
    constexpr std::int64_t kMostMacs = 50'000'000;
    constexpr std::int64_t kPixels = 32;
    return network.input_shape() == TensorShape{3, kPixels, kPixels} && network.classes() == 10 &&
           count_macs(network) <= kMostMacs;
}

DrawnNetworks drawn_networks(const Network& network, const PrecisionSpec* precision, const std::filesystem::path& cache,
                             Progress& progress) {
    return DrawnMaker(network, cache, progress).make(precision);
}

}  // namespace npusim::cli
