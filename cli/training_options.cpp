#include "cli/training_options.h"

#include <limits>

#include "npusim/models/quantization/precision_json.h"

namespace npusim::cli {
namespace {

constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();

/// "A,B" → the two texts; B is empty without a comma.
std::pair<std::string, std::string> two_parts(const std::string& text) {
    const std::size_t comma = text.find(',');
    if (comma == std::string::npos) return {text, ""};
    return {text.substr(0, comma), text.substr(comma + 1)};
}

/// A number of a "A,B" option; notes a problem where it is none.
void set_number(OptionReader& reader, const std::string& option, const std::string& text, double low, double high,
                nlohmann::json& field) {
    try {
        std::size_t read = 0;
        const double value = std::stod(text, &read);
        if (read == text.size() && value >= low && value <= high) {
            field = value;
            return;
        }
    } catch (const std::exception&) {
        // Falls through to the one message for everything that is no such number.
    }
    reader.problem(option,
                   text + " is no number from " + nlohmann::json(low).dump() + " to " + nlohmann::json(high).dump());
}

/// The options as the fields of a recipe file, so that the recipe's reader checks them.
nlohmann::json recipe_fields(OptionReader& reader) {
    nlohmann::json fields = nlohmann::json::object();
    if (const auto value = reader.integer("epochs", 1, 1'000'000)) fields["epochs"] = *value;
    if (const auto value = reader.integer("batch", 1, 1'000'000)) fields["batch_images"] = *value;
    if (const auto value = reader.integer("seed", 0, std::int64_t{1} << 62)) fields["seed"] = *value;
    if (const auto value = reader.number("momentum", 0, 0.999999)) fields["momentum"] = *value;
    if (const auto value = reader.number("weight-decay", 0, 1)) fields["weight_decay"] = *value;
    if (const auto value = reader.number("label-smoothing", 0, 1)) fields["label_smoothing"] = *value;
    if (reader.has("allow-empty-classes")) fields["empty_classes"] = true;
    if (reader.has("no-augment")) fields["augment"] = false;
    if (reader.has("freeze-batch-norm")) fields["batch_norm"]["freeze"] = true;
    if (reader.has("schedule")) {
        fields["learning_rate"]["kind"] = reader.one_of("schedule", {"constant", "exponential", "step", "cosine"});
    }
    if (reader.has("learning-rate")) {
        const auto [first, last] = two_parts(reader.text("learning-rate"));
        set_number(reader, "learning-rate", first, 1e-12, 1e3, fields["learning_rate"]["first"]);
        if (!last.empty()) set_number(reader, "learning-rate", last, 1e-12, 1e3, fields["learning_rate"]["last"]);
    }
    if (reader.has("distill")) {
        const auto [weight, temperature] = two_parts(reader.text("distill"));
        set_number(reader, "distill", weight, 0, 1, fields["distillation"]["weight"]);
        if (!temperature.empty()) {
            set_number(reader, "distill", temperature, 0.01, 1000, fields["distillation"]["temperature"]);
        }
    }
    return fields;
}

/// The precision of the recipe with the options over it. Wider activations take the residuals along.
void override_precision(OptionReader& reader, Recipe& recipe) {
    nlohmann::json given = nlohmann::json::object();
    read_precision(reader, given);
    if (given.empty() || reader.has_problems()) return;
    nlohmann::json precision = to_json(recipe.precision);
    precision.update(given);
    if (!given.contains("residual_bits") &&
        precision["residual_bits"].get<int>() < precision["activation_bits"].get<int>()) {
        precision["residual_bits"] = precision["activation_bits"];
    }
    JsonReader json(precision, "the options");
    recipe.precision = npusim::read_precision(json);
    json.finish();
}

int bits_asked(OptionReader& reader) {
    nlohmann::json bits;
    if (!reader.has("bits")) return 8;
    OptionReader quiet = reader;  // problems are noted when the precision is read
    quiet.bits("bits", two_parts(reader.text("bits")).first, bits);
    return bits.get<int>();
}

void read_method(OptionReader& reader, Recipe& recipe) {
    if (!reader.has("method")) return;
    const std::string name = reader.one_of("method", {"faq", "lsq", "fp32"});
    recipe.step_rule = name == "lsq" ? StepRule::learned : name == "faq" ? StepRule::calibrated : StepRule::none;
}

void read_recipe_options(OptionReader& reader, TrainingOptions& options) {
    options.recipe = default_recipe(options.kind, bits_asked(reader));
    if (reader.has("recipe")) options.recipe = read_recipe(reader.text("recipe"), options.recipe);
    const nlohmann::json fields = recipe_fields(reader);
    if (options.kind == TrainingCommand::finetune) {
        if (const auto images = reader.integer("calibration-images", 1, 1'000'000)) {
            options.recipe.calibration_images = *images;
        }
        read_method(reader, options.recipe);
        override_precision(reader, options.recipe);
        if (!reader.has("bits") && !reader.has("recipe") && options.recipe.step_rule != StepRule::none) {
            reader.problem("bits", "is needed, or a --recipe with a precision: npusim finetune --bits 4 …");
        }
    }
    reader.finish();
    options.recipe = parse_recipe(fields, "the options", options.recipe);
}

void check_files(OptionReader& reader, const TrainingOptions& options) {
    for (const char* name : {"model", "dataset", "out"}) {
        if (!reader.has(name)) reader.problem(name, "is needed");
    }
    if (options.kind == TrainingCommand::finetune && !reader.has("weights")) {
        reader.problem("weights", "is needed: fine-tuning begins from a pretrained network");
    }
    reader.check_output_file("out", options.out.string());
    std::error_code ignored;
    if (std::filesystem::exists(options.run_folder, ignored) &&
        !std::filesystem::is_directory(options.run_folder, ignored)) {
        reader.problem("run", options.run_folder.string() + " is a file; name a folder");
    }
}

}  // namespace

Recipe default_recipe(TrainingCommand kind, int bits) {
    Recipe recipe;
    recipe.learning_rate.kind = ScheduleKind::exponential;
    if (kind == TrainingCommand::train) {
        recipe.epochs = 30;
        recipe.learning_rate = {ScheduleKind::cosine, 0.1, 1e-4, 0.1, {0.5, 0.75}, 0};
        recipe.nesterov = true;
        recipe.weight_decay = 5e-4;
        return recipe;
    }
    recipe.step_rule = StepRule::calibrated;
    recipe.precision.weight_bits = recipe.precision.activation_bits = bits;
    if (bits >= 8) {
        recipe.epochs = 1;
        recipe.learning_rate.first = recipe.learning_rate.last = 1e-4;
        return recipe;
    }
    recipe.epochs = 30;
    recipe.learning_rate.first = bits >= 4 ? 0.0015 : 0.01;
    recipe.learning_rate.last = 1e-6;
    return recipe;
}

TrainingOptions parse_training_options(TrainingCommand kind, const std::vector<std::string>& arguments,
                                       const Environment& environment) {
    OptionReader reader(training_option_groups(kind), {arguments.begin() + 2, arguments.end()});
    TrainingOptions options;
    options.kind = kind;
    options.command = arguments;
    options.help = reader.has("help");
    if (options.help) return options;
    if (!reader.words().empty()) {
        throw InputError("unexpected word \"" + reader.words().front() + "\": npusim " + arguments[1] + " --help");
    }
    options.model = reader.text("model");
    options.image_size = reader.integer("image-size", 1, 65'536);
    options.weights = reader.text("weights");
    options.dataset = reader.text("dataset");
    options.data_root =
        reader.has("data-root") ? std::filesystem::path(reader.text("data-root")) : environment.data_root;
    options.train_images = reader.integer("train-images", 1, kAny);
    options.held_out = reader.integer("held-out", 0, kAny).value_or(0);
    options.out = reader.text("out");
    options.run_folder = reader.has("run") ? reader.text("run") : options.out.string() + ".run";
    options.restart = reader.has("restart");
    options.threads = static_cast<unsigned>(reader.integer("threads", 1, 4096).value_or(0));
    options.quiet = reader.has("quiet");
    check_files(reader, options);
    read_recipe_options(reader, options);
    return options;
}

}  // namespace npusim::cli
