#include "npusim/models/finetune/recipe.h"

#include <cmath>

#include "npusim/models/quantization/precision_json.h"
#include "recipe_fields.h"

namespace npusim {
namespace {

const NamedValues<ScheduleKind> kScheduleNames{{"constant", ScheduleKind::constant},
                                               {"exponential", ScheduleKind::exponential},
                                               {"step", ScheduleKind::step},
                                               {"cosine", ScheduleKind::cosine}};
const NamedValues<StepRule> kMethodNames{
    {"fp32", StepRule::none}, {"faq", StepRule::calibrated}, {"lsq", StepRule::learned}};
constexpr Range<std::int64_t> kCount{1, 1'000'000'000};
constexpr Range<double> kShare{0, 1};
constexpr Range<double> kRate{1e-12, 1e3};

template <typename Enum>
std::string name_in(const NamedValues<Enum>& names, Enum value) {
    for (const auto& [name, known] : names) {
        if (known == value) return name;
    }
    return "";
}

void read_learning_rate(JsonReader reader, LearningRate& rate) {
    rate.kind = reader.choice_or("kind", kScheduleNames, rate.kind);
    rate.first = reader.number_or("first", kRate, rate.first);
    rate.last = reader.number_or("last", kRate, rate.last);
    rate.factor = reader.number_or("factor", kShare, rate.factor);
    rate.milestones = reader.numbers_or("milestones", kShare, rate.milestones);
    rate.warmup_epochs = reader.number_or("warmup_epochs", {0, 1e6}, rate.warmup_epochs);
    reader.reject_unknown_keys();
}

void read_growth(JsonReader& reader, std::vector<BatchGrowth>& growth) {
    if (reader.has("batch_growth")) growth.clear();
    for (JsonReader& step : reader.objects_or_none("batch_growth")) {
        growth.push_back({step.integer("epoch", {0, kCount.high}), step.integer("images", kCount)});
        if (growth.size() > 1 && growth.back().epoch <= growth[growth.size() - 2].epoch) {
            step.problem("epoch", "must be above the entry's before");
        }
        step.reject_unknown_keys();
    }
}

void read_optimization(JsonReader& reader, Recipe& recipe) {
    recipe.epochs = reader.integer_or("epochs", kCount, recipe.epochs);
    recipe.batch_images = reader.integer_or("batch_images", kCount, recipe.batch_images);
    read_growth(reader, recipe.batch_growth);
    recipe.piece_images = reader.integer_or("piece_images", kCount, recipe.piece_images);
    if (auto rate = reader.object_if_given("learning_rate")) read_learning_rate(*rate, recipe.learning_rate);
    recipe.momentum = reader.number_or("momentum", {0, 0.999999}, recipe.momentum);
    recipe.weight_decay = reader.number_or("weight_decay", kShare, recipe.weight_decay);
    recipe.nesterov = reader.boolean_or("nesterov", recipe.nesterov);
    recipe.label_smoothing = reader.number_or("label_smoothing", kShare, recipe.label_smoothing);
    recipe.augment = reader.boolean_or("augment", recipe.augment);
    recipe.empty_classes = reader.boolean_or("empty_classes", recipe.empty_classes);
    recipe.seed = static_cast<std::uint64_t>(
        reader.integer_or("seed", {0, std::int64_t{1} << 62}, static_cast<std::int64_t>(recipe.seed)));
}

}  // namespace

std::string_view name_of(StepRule rule) {
    for (const auto& [name, known] : kMethodNames) {
        if (known == rule) return name;
    }
    return "";
}

void read_recipe_fields(JsonReader& reader, Recipe& recipe) {
    (void)reader.text_or("$schema", "");
    (void)reader.text_or("comment", "");
    read_optimization(reader, recipe);
    if (auto distillation = reader.object_if_given("distillation")) {
        recipe.distillation_weight = distillation->number("weight", kShare);
        recipe.distillation_temperature = distillation->number_or("temperature", {0.01, 1000}, 1);
        distillation->reject_unknown_keys();
    }
    if (auto norm = reader.object_if_given("batch_norm")) {
        recipe.freeze_batch_norm = norm->boolean_or("freeze", recipe.freeze_batch_norm);
        recipe.batch_norm_momentum = norm->number_or("momentum", kShare, recipe.batch_norm_momentum);
        norm->reject_unknown_keys();
    }
    if (auto quantization = reader.object_if_given("quantization")) {
        recipe.step_rule = quantization->choice_or("method", kMethodNames, recipe.step_rule);
        recipe.calibration_images = quantization->integer_or("calibration_images", kCount, recipe.calibration_images);
        if (auto precision = quantization->object_if_given("precision")) {
            recipe.precision = read_precision(*precision);
        }
        quantization->reject_unknown_keys();
    }
    reader.reject_unknown_keys();
}

Recipe parse_recipe(const nlohmann::json& json, const std::string& file, const Recipe& defaults) {
    Recipe recipe = defaults;
    JsonReader reader(json, file);
    read_recipe_fields(reader, recipe);
    reader.finish();
    return recipe;
}

Recipe read_recipe(const std::filesystem::path& path, const Recipe& defaults) {
    return parse_recipe(read_json_file(path), path.string(), defaults);
}

nlohmann::json to_json(const Recipe& recipe) {
    nlohmann::json growth = nlohmann::json::array();
    for (const auto& step : recipe.batch_growth) growth.push_back({{"epoch", step.epoch}, {"images", step.images}});
    const LearningRate& rate = recipe.learning_rate;
    return {
        {"epochs", recipe.epochs},
        {"batch_images", recipe.batch_images},
        {"batch_growth", growth},
        {"piece_images", recipe.piece_images},
        {"learning_rate",
         {{"kind", name_in(kScheduleNames, rate.kind)},
          {"first", rate.first},
          {"last", rate.last},
          {"factor", rate.factor},
          {"milestones", rate.milestones},
          {"warmup_epochs", rate.warmup_epochs}}},
        {"momentum", recipe.momentum},
        {"weight_decay", recipe.weight_decay},
        {"nesterov", recipe.nesterov},
        {"label_smoothing", recipe.label_smoothing},
        {"distillation", {{"weight", recipe.distillation_weight}, {"temperature", recipe.distillation_temperature}}},
        {"batch_norm", {{"freeze", recipe.freeze_batch_norm}, {"momentum", recipe.batch_norm_momentum}}},
        {"augment", recipe.augment},
        {"empty_classes", recipe.empty_classes},
        {"seed", recipe.seed},
        {"quantization",
         {{"method", name_in(kMethodNames, recipe.step_rule)},
          {"calibration_images", recipe.calibration_images},
          {"precision", to_json(recipe.precision)}}}};
}

std::int64_t batch_of_epoch(const Recipe& recipe, std::int64_t epoch) {
    std::int64_t images = recipe.batch_images;
    for (const auto& step : recipe.batch_growth) {
        if (epoch >= step.epoch) images = step.images;
    }
    return images;
}

std::int64_t iterations_of_epoch(const Recipe& recipe, std::int64_t images, std::int64_t epoch) {
    const std::int64_t batch = batch_of_epoch(recipe, epoch);
    return (images + batch - 1) / batch;
}

std::int64_t total_iterations(const Recipe& recipe, std::int64_t images) {
    std::int64_t total = 0;
    for (std::int64_t epoch = 0; epoch < recipe.epochs; ++epoch) total += iterations_of_epoch(recipe, images, epoch);
    return total;
}

Schedule schedule_of(const Recipe& recipe, std::int64_t images) {
    const LearningRate& rate = recipe.learning_rate;
    Schedule schedule;
    schedule.kind = rate.kind;
    schedule.base_rate = rate.first;
    schedule.final_rate = rate.last;
    schedule.factor = rate.factor;
    schedule.milestones = rate.milestones;
    schedule.warmup_steps =
        std::llround(rate.warmup_epochs * static_cast<double>(iterations_of_epoch(recipe, images, 0)));
    return schedule;
}

}  // namespace npusim
