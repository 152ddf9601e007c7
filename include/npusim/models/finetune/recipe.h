// How a network is trained or fine-tuned: everything that decides the result, beside the network and the data.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "npusim/models/finetune/training_graph.h"
#include "npusim/models/layers/optimizer.h"

namespace npusim {

/// From this epoch on (counting from 0) batches have this many images.
struct BatchGrowth {
    std::int64_t epoch = 0;
    std::int64_t images = 0;
};

struct LearningRate {
    ScheduleKind kind = ScheduleKind::exponential;
    double first = 0.1;
    double last = 1e-4;                            ///< exponential and cosine: at the end of training
    double factor = 0.1;                           ///< step: at each milestone
    std::vector<double> milestones = {0.5, 0.75};  ///< step: fractions of the way
    double warmup_epochs = 0;
};

struct Recipe {
    std::int64_t epochs = 1;
    std::int64_t batch_images = 128;
    std::vector<BatchGrowth> batch_growth;
    /// A batch is computed in pieces of at most this many images, whose gradients are added up: less memory. Batch
    /// norm then sees the statistics of a piece.
    std::int64_t piece_images = 1024;
    LearningRate learning_rate;
    double momentum = 0.9;
    double weight_decay = 1e-4;
    bool nesterov = false;
    double label_smoothing = 0;
    double distillation_weight = 0;  ///< of the starting fp32 network's softened outputs
    double distillation_temperature = 1;
    bool freeze_batch_norm = false;
    double batch_norm_momentum = 0.1;
    bool augment = true;
    bool empty_classes = false;  ///< classes without a training image are allowed
    std::uint64_t seed = 0;

    StepRule step_rule = StepRule::none;
    PrecisionSpec precision;
    std::int64_t calibration_images = 640;  ///< five batches of 128 (McKinstry et al. 2018)
};

/// Reads a recipe strictly; all problems at once in one InputError. Fields that a recipe leaves out keep `defaults`.
[[nodiscard]] Recipe parse_recipe(const nlohmann::json& json, const std::string& file, const Recipe& defaults = {});
[[nodiscard]] Recipe read_recipe(const std::filesystem::path& path, const Recipe& defaults = {});
/// JSON Schema of what parse_recipe takes, but for rules between fields. Its defaults are those of Recipe.
[[nodiscard]] nlohmann::json recipe_schema();
/// Every field; parse_recipe(to_json(r)) is r.
[[nodiscard]] nlohmann::json to_json(const Recipe& recipe);

[[nodiscard]] std::string_view name_of(StepRule rule);  ///< "fp32", "faq", "lsq"

/// The batch of an epoch, which batch_growth decides.
[[nodiscard]] std::int64_t batch_of_epoch(const Recipe& recipe, std::int64_t epoch);
/// Iterations of an epoch of `images` images, and of the whole run. The last batch of an epoch may be smaller.
[[nodiscard]] std::int64_t iterations_of_epoch(const Recipe& recipe, std::int64_t images, std::int64_t epoch);
[[nodiscard]] std::int64_t total_iterations(const Recipe& recipe, std::int64_t images);
/// The schedule over the run's iterations.
[[nodiscard]] Schedule schedule_of(const Recipe& recipe, std::int64_t images);

}  // namespace npusim
