#include "cli/accuracy_measurement.h"

#include <sstream>

#include "cli/accuracy.h"
#include "cli/drawn_networks.h"
#include "cli/training_command.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/precision_json.h"
#include "npusim/models/quantization/quantizer.h"

namespace npusim::cli {
namespace {

/// `text` with `value` for `place`, e.g. "{network}".
std::string with(std::string text, std::string_view place, const std::string& value) {
    const std::size_t at = text.find(place);
    if (at != std::string::npos) text.replace(at, place.size(), value);
    return text;
}

/// A file as it is, beside the sweep's file, where the data lie, or one of the recipes that ship with the program.
std::filesystem::path find_file(const std::string& name, const SweepOptions& options, const Environment& environment) {
    std::error_code ignored;
    for (const std::filesystem::path& folder :
         {std::filesystem::path(), options.sweep.parent_path(), environment.data_root,
          environment.preset_folder.parent_path() / "recipes"}) {
        if (std::filesystem::is_regular_file(folder / name, ignored)) return folder / name;
    }
    return name;
}

}  // namespace

std::string key_of(const AccuracyCase& wanted, const AccuracySpec& accuracy) {
    const nlohmann::json seen = {{"network", wanted.network},
                                 {"precision", to_json(wanted.precision)},
                                 {"accumulator_bits", wanted.accumulator_bits},
                                 {"kind", static_cast<int>(accuracy.kind)},
                                 {"inputs", accuracy.inputs}};
    return content_hash(seen.dump());
}

std::optional<AccuracyCase> accuracy_case_of(const StoredPoint& point) {
    if (point.status != PointStatus::done) return std::nullopt;
    const ArchSpec arch = parse_arch(point.arch, "the store");
    if (arch.number_format != NumberFormat::integer) return std::nullopt;
    return AccuracyCase{point.network, arch.precision, arch.array.accumulator_bits};
}

std::filesystem::path tuned_file(const std::filesystem::path& store, const std::string& key) {
    return store.string() + ".networks/" + key + ".safetensors";
}

std::string with_network(const std::string& text, const std::string& network) {
    return with(text, "{network}", network);
}

int bits_of(const PrecisionSpec& precision) {
    return std::min(precision.weight_bits, precision.activation_bits);
}

AccuracyMeasurement::AccuracyMeasurement(const AccuracySpec& accuracy, const SweepOptions& options,
                                         const SweepSurroundings& surroundings)
    : accuracy_(accuracy),
      options_(options),
      environment_(surroundings.environment),
      progress_(surroundings.progress),
      ranks_(surroundings.ranks) {}

const AccuracySubject& AccuracyMeasurement::subject(const std::string& name) {
    const auto found = subjects_.find(name);
    if (found != subjects_.end()) return found->second;
    AccuracySubject made{make_network(name), {}, {}, weights_of(name), {}};
    if (made.weights.empty()) {
        made.fp32 = drawn_networks(made.network, nullptr, environment_.cache, progress_).fp32;
        made.identity = "drawn";
    } else {
        SavedNetwork saved = read_saved_network(made.weights, made.network);
        made.fp32 = std::move(saved.parameters);
        made.identity = saved.content_hash;
    }
    Options read;
    read.data_root = environment_.data_root;
    made.images = read_labelled_images(dataset(), read, made.network);
    made.identity += " " + made.images.test.content_hash + " " + made.images.calibration.content_hash;
    return subjects_.emplace(name, std::move(made)).first->second;
}

void AccuracyMeasurement::check(const std::string& name) const {
    const Network network = make_network(name);
    const std::filesystem::path weights = weights_of(name);
    const DatasetName images = parse_dataset_name(dataset(), environment_.data_root);
    if (!weights.empty()) {
        (void)read_saved_network(weights, network);
    } else if (!can_be_drawn(network) || dataset() != kDrawnDataset) {
        throw InputError(options_.sweep.string(), "/accuracy/weights",
                         "are needed: only networks for 32x32 images of ten classes train themselves, on drawn images");
    }
    if (!images.path.empty() && !std::filesystem::exists(images.path)) {
        throw InputError(options_.sweep.string(), "/accuracy/dataset", "there is no " + images.path.string());
    }
}

std::filesystem::path AccuracyMeasurement::recipe_file(int bits) const {
    return find_file(with(accuracy_.recipe, "{bits}", std::to_string(bits)), options_, environment_);
}

std::optional<nlohmann::json> AccuracyMeasurement::measure(const AccuracyCase& wanted, const std::string& key,
                                                           const std::function<bool()>& should_stop) {
    const AccuracySubject& own = subject(wanted.network);
    const std::int64_t count = own.images.test.size();
    if (!fp32_top1_.contains(wanted.network)) {
        fp32_top1_[wanted.network] = fp32_top1(own.network, own.fp32, own.images.test, count, progress_);
    }
    nlohmann::json figures = {{"fp32_top1", fp32_top1_.at(wanted.network)}, {"images", count}};
    try {
        const auto integers =
            accuracy_.kind == AccuracyKind::calibrate ? calibrated(own, wanted) : tuned(own, wanted, key, should_stop);
        if (!integers) return std::nullopt;
        figures["top1"] = quantized_top1(*integers, own.images.test, count, progress_);
    } catch (const InputError& error) {
        figures["reason"] = error.what();
    }
    return figures;
}

std::string AccuracyMeasurement::dataset() const {
    return accuracy_.dataset.empty() ? kDrawnDataset : accuracy_.dataset;
}

std::filesystem::path AccuracyMeasurement::weights_of(const std::string& network) const {
    if (accuracy_.weights.empty()) return {};
    return find_file(with_network(accuracy_.weights, network), options_, environment_);
}

std::optional<QuantizedNetwork> AccuracyMeasurement::calibrated(const AccuracySubject& own,
                                                                const AccuracyCase& wanted) {
    return calibrate_and_quantize(
        own.network, own.fp32, wanted.precision, wanted.accumulator_bits, own.images.calibration.size(),
        [&](std::int64_t index) { return network_input(own.images.calibration, index); }, progress_);
}

std::optional<QuantizedNetwork> AccuracyMeasurement::tuned(const AccuracySubject& own, const AccuracyCase& wanted,
                                                           const std::string& key,
                                                           const std::function<bool()>& should_stop) {
    if (own.weights.empty()) {
        const DrawnNetworks drawn = drawn_networks(own.network, &wanted.precision, environment_.cache, progress_);
        if (!drawn.quantization) return calibrated(own, wanted);
        return quantize(own.network, drawn.tuned, wanted.precision, wanted.accumulator_bits, drawn.quantization->steps);
    }
    const std::filesystem::path file = tuned_file(options_.store, key);
    if (!std::filesystem::is_regular_file(file) && !finetune(own, wanted, file, should_stop)) return std::nullopt;
    const SavedNetwork saved = read_saved_network(file, own.network);
    return quantize(own.network, saved.parameters, wanted.precision, wanted.accumulator_bits,
                    saved.quantization.value().steps);
}

bool AccuracyMeasurement::finetune(const AccuracySubject& own, const AccuracyCase& wanted,
                                   const std::filesystem::path& file, const std::function<bool()>& should_stop) {
    TrainingOptions training;
    training.kind = TrainingCommand::finetune;
    training.model = own.network.name;
    training.weights = own.weights.string();
    training.dataset = accuracy_.dataset;
    training.data_root = environment_.data_root;
    training.out = file;
    training.run_folder = file.string() + ".run";
    training.quiet = true;
    training.threads = own_processors(ranks_);
    training.recipe = default_recipe(TrainingCommand::finetune, bits_of(wanted.precision));
    if (!accuracy_.recipe.empty()) {
        training.recipe = read_recipe(recipe_file(bits_of(wanted.precision)), training.recipe);
    }
    training.recipe.precision = wanted.precision;
    std::ostringstream unsaid;
    return run_training_command(training, progress_, should_stop, unsaid, nullptr);
}

}  // namespace npusim::cli
