#include "cli/sweep_accuracy.h"

#include <map>
#include <sstream>

#include "cli/accuracy.h"
#include "cli/drawn_networks.h"
#include "cli/inputs.h"
#include "cli/training_command.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/precision_json.h"
#include "npusim/models/quantization/quantizer.h"

namespace npusim::cli {
namespace {

/// What decides an accuracy, of a point.
struct Case {
    std::string network;
    PrecisionSpec precision;
    int accumulator_bits = 0;
};

std::string key_of(const Case& wanted, const AccuracySpec& accuracy) {
    const nlohmann::json seen = {{"network", wanted.network},
                                 {"precision", to_json(wanted.precision)},
                                 {"accumulator_bits", wanted.accumulator_bits},
                                 {"kind", static_cast<int>(accuracy.kind)},
                                 {"inputs", accuracy.inputs}};
    return content_hash(seen.dump());
}

/// Nothing for fp32 chips and for points without a result.
std::optional<Case> case_of(const StoredPoint& point) {
    if (point.status != PointStatus::done) return std::nullopt;
    const ArchSpec arch = parse_arch(point.arch, "the store");
    if (arch.number_format != NumberFormat::integer) return std::nullopt;
    return Case{point.network, arch.precision, arch.array.accumulator_bits};
}

std::string with_network(std::string text, const std::string& network) {
    constexpr std::string_view place = "{network}";
    const std::size_t at = text.find(place);
    if (at != std::string::npos) text.replace(at, place.size(), network);
    return text;
}

/// A file as it is, beside the sweep's file, or where the data lie.
std::filesystem::path find_file(const std::string& name, const SweepOptions& options, const Environment& environment) {
    std::error_code ignored;
    for (const std::filesystem::path& folder :
         {std::filesystem::path(), options.sweep.parent_path(), environment.data_root}) {
        if (std::filesystem::is_regular_file(folder / name, ignored)) return folder / name;
    }
    return name;
}

/// One network's fp32 weights and images, read when they are first wanted.
struct Subject {
    Network network;
    Parameters fp32;
    LabelledImages images;
    std::filesystem::path weights;  ///< empty: drawn
    std::string identity;           ///< of the files
};

class Measurement {
public:
    Measurement(const AccuracySpec& accuracy, const SweepOptions& options, const Environment& environment,
                Progress& progress)
        : accuracy_(accuracy), options_(options), environment_(environment), progress_(progress) {}

    const Subject& subject(const std::string& name) {
        const auto found = subjects_.find(name);
        if (found != subjects_.end()) return found->second;
        Subject made{make_network(name), {}, {}, weights_of(name), {}};
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

    /// What can be checked without much work.
    void check(const std::string& name) const {
        const Network network = make_network(name);
        const std::filesystem::path weights = weights_of(name);
        const DatasetName images = parse_dataset_name(dataset(), environment_.data_root);
        if (!weights.empty()) {
            (void)read_saved_network(weights, network);
        } else if (!can_be_drawn(network) || dataset() != kDrawnDataset) {
            throw InputError(
                options_.sweep.string(), "/accuracy/weights",
                "are needed: only networks for 32x32 images of ten classes train themselves, on drawn images");
        }
        if (!images.path.empty() && !std::filesystem::exists(images.path)) {
            throw InputError(options_.sweep.string(), "/accuracy/dataset", "there is no " + images.path.string());
        }
        if (!accuracy_.recipe.empty()) (void)read_recipe(find_file(accuracy_.recipe, options_, environment_));
    }

    /// Empty when stopped.
    std::optional<nlohmann::json> measure(const Case& wanted, const std::string& key,
                                          const std::function<bool()>& should_stop) {
        const Subject& own = subject(wanted.network);
        const std::int64_t count = own.images.test.size();
        if (!fp32_top1_.contains(wanted.network)) {
            fp32_top1_[wanted.network] = fp32_top1(own.network, own.fp32, own.images.test, count, progress_);
        }
        nlohmann::json figures = {{"fp32_top1", fp32_top1_.at(wanted.network)}, {"images", count}};
        try {
            const auto integers = accuracy_.kind == AccuracyKind::calibrate ? calibrated(own, wanted)
                                                                            : tuned(own, wanted, key, should_stop);
            if (!integers) return std::nullopt;
            figures["top1"] = quantized_top1(*integers, own.images.test, count, progress_);
        } catch (const InputError& error) {
            figures["reason"] = error.what();
        }
        return figures;
    }

private:
    [[nodiscard]] std::string dataset() const { return accuracy_.dataset.empty() ? kDrawnDataset : accuracy_.dataset; }

    /// Empty: the network is drawn.
    [[nodiscard]] std::filesystem::path weights_of(const std::string& network) const {
        if (accuracy_.weights.empty()) return {};
        return find_file(with_network(accuracy_.weights, network), options_, environment_);
    }

    std::optional<QuantizedNetwork> calibrated(const Subject& own, const Case& wanted) {
        return calibrate_and_quantize(
            own.network, own.fp32, wanted.precision, wanted.accumulator_bits, own.images.calibration.size(),
            [&](std::int64_t index) { return network_input(own.images.calibration, index); }, progress_);
    }

    std::optional<QuantizedNetwork> tuned(const Subject& own, const Case& wanted, const std::string& key,
                                          const std::function<bool()>& should_stop) {
        if (own.weights.empty()) {
            const DrawnNetworks drawn = drawn_networks(own.network, &wanted.precision, environment_.cache, progress_);
            if (!drawn.quantization) return calibrated(own, wanted);
            return quantize(own.network, drawn.tuned, wanted.precision, wanted.accumulator_bits,
                            drawn.quantization->steps);
        }
        const std::filesystem::path file = options_.store.string() + ".networks/" + key + ".safetensors";
        if (!std::filesystem::is_regular_file(file) && !finetune(own, wanted, file, should_stop)) return std::nullopt;
        const SavedNetwork saved = read_saved_network(file, own.network);
        return quantize(own.network, saved.parameters, wanted.precision, wanted.accumulator_bits,
                        saved.quantization.value().steps);
    }

    bool finetune(const Subject& own, const Case& wanted, const std::filesystem::path& file,
                  const std::function<bool()>& should_stop) {
        TrainingOptions training;
        training.kind = TrainingCommand::finetune;
        training.model = own.network.name;
        training.weights = own.weights.string();
        training.dataset = accuracy_.dataset;
        training.data_root = environment_.data_root;
        training.out = file;
        training.run_folder = file.string() + ".run";
        training.quiet = true;
        training.recipe = default_recipe(TrainingCommand::finetune,
                                         std::min(wanted.precision.weight_bits, wanted.precision.activation_bits));
        if (!accuracy_.recipe.empty()) {
            training.recipe = read_recipe(find_file(accuracy_.recipe, options_, environment_), training.recipe);
        }
        training.recipe.precision = wanted.precision;
        std::ostringstream unsaid;
        return run_training_command(training, progress_, should_stop, unsaid);
    }

    const AccuracySpec& accuracy_;
    const SweepOptions& options_;
    const Environment& environment_;
    Progress& progress_;
    std::map<std::string, Subject> subjects_;
    std::map<std::string, double> fp32_top1_;
};

std::vector<std::string> networks_of(const SweepSpec& spec) {
    std::vector<std::string> names = spec.networks;
    for (const SweepAxis& axis : spec.axes) {
        for (std::size_t field = 0; field < axis.fields.size(); ++field) {
            if (axis.fields[field] != "network") continue;
            for (const auto& setting : axis.settings) names.push_back(setting[field].get<std::string>());
        }
    }
    return names;
}

/// The hash of what the files hold that decide accuracies.
std::string inputs_of(const SweepSpec& spec, Measurement& measurement, const SweepOptions& options,
                      const Environment& environment) {
    std::string identity;
    for (const std::string& name : networks_of(spec)) identity += measurement.subject(name).identity + "\n";
    if (!spec.accuracy.recipe.empty()) {
        identity += to_json(read_recipe(find_file(spec.accuracy.recipe, options, environment))).dump();
    }
    return content_hash(identity);
}

}  // namespace

void check_accuracy_inputs(const SweepSpec& spec, const SweepOptions& options, const Environment& environment) {
    if (spec.accuracy.kind == AccuracyKind::none) return;
    Progress silent(false);
    const Measurement measurement(spec.accuracy, options, environment, silent);
    for (const std::string& name : networks_of(spec)) measurement.check(name);
}

bool measure_accuracies(SweepSpec& spec, const SweepOptions& options, const SweepSurroundings& surroundings,
                        SweepStore& store) {
    if (spec.accuracy.kind == AccuracyKind::none) return true;
    Measurement measurement(spec.accuracy, options, surroundings.environment, surroundings.progress);
    spec.accuracy.inputs = inputs_of(spec, measurement, options, surroundings.environment);
    store.set_sweep(spec.name, to_json(spec), store.sweep_entries(spec.name));
    std::map<std::string, Case> missing;
    const auto points = store.points();
    for (const SweepEntry& entry : store.sweep_entries(spec.name)) {
        const auto point = points.find(entry.point_key);
        if (point == points.end()) continue;
        const auto wanted = case_of(point->second);
        if (!wanted) continue;
        const std::string key = key_of(*wanted, spec.accuracy);
        if (!store.accuracy(key)) missing.emplace(key, *wanted);
    }
    for (const auto& [key, wanted] : missing) {
        if (surroundings.should_stop && surroundings.should_stop()) return false;
        const auto figures = measurement.measure(wanted, key, surroundings.should_stop);
        if (!figures) return false;
        store.add(StoredAccuracy{key, *figures});
    }
    return true;
}

void add_accuracies(SweepTable& table, const SweepStore& store, const AccuracySpec& accuracy) {
    if (accuracy.kind == AccuracyKind::none) return;
    std::map<std::string, nlohmann::json> figures_of_point;
    for (const auto& [point_key, point] : store.points()) {
        const auto wanted = case_of(point);
        if (!wanted) continue;
        if (const auto stored = store.accuracy(key_of(*wanted, accuracy)))
            figures_of_point[point_key] = stored->figures;
    }
    for (const char* name : {"top1", "fp32_top1"}) {
        add_metric(table, name, [&](const SweepRow& row) -> std::optional<double> {
            const auto found = figures_of_point.find(row.point_key);
            if (found == figures_of_point.end() || !found->second.contains(name)) return std::nullopt;
            return found->second.at(name).get<double>();
        });
    }
}

}  // namespace npusim::cli
