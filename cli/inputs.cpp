#include "cli/inputs.h"

#include <algorithm>

#include "cli/image_fit.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/base/json_reader.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/precision_json.h"
#include "npusim/workloads/datasets/folder_source.h"

namespace npusim::cli {
namespace {

/// The chip with the command line's precision. It goes through the reader again, which knows what fits together.
ArchSpec with_overrides(const ArchSpec& arch, const nlohmann::json& precision, const std::string& file) {
    if (precision.empty()) return arch;
    nlohmann::json json = to_json(arch);
    auto& resolved = json["precision"];
    resolved.update(precision);
    // Residuals hold activations, so wider activations take them along unless the user says otherwise.
    if (!precision.contains("residual_bits")) {
        resolved["residual_bits"] =
            std::max(resolved["residual_bits"].get<int>(), resolved["activation_bits"].get<int>());
    }
    return parse_arch(json, file + " with the options given");
}

/// Of a folder of images, only those that the accuracy is measured on are decoded.
LabelledImages read_folder(const DatasetName& name, const Options& options, const Network& network) {
    ImageUse use = image_use_of(network);
    use.train_images = options.calibration_images;
    use.test_images = options.test_images;
    ImageDatasets parts = read_image_folder(name, use);
    return {std::move(parts.test), std::move(parts.train), parts.test_images_of};
}

/// The chip with the precision that a network was fine-tuned at, and nothing left of its own.
ArchSpec with_tuned_precision(const ArchSpec& arch, const PrecisionSpec& precision, const std::string& file) {
    nlohmann::json json = to_json(arch);
    json["precision"] = npusim::to_json(precision);
    return parse_arch(json, file + " with the precision of the weights");
}

/// Options may repeat what the weights were fine-tuned at, but not contradict it.
void check_no_contradiction(const Options& options, const PrecisionSpec& precision) {
    const nlohmann::json tuned = npusim::to_json(precision);
    std::vector<std::string> problems;
    const nlohmann::json chip{{"precision", tuned}};
    for (const auto& [field, value] : options.settings) {
        if (!(field + '/').starts_with("/precision/")) continue;
        if (chip.value(nlohmann::json::json_pointer(field), nlohmann::json()) == value) continue;
        problems.push_back("option --set: " + field + ": " + options.weights +
                           " was fine-tuned with another precision; leave it out");
    }
    for (const auto& [key, value] : options.precision.items()) {
        const nlohmann::json own = tuned.value(key, nlohmann::json::object());
        if (own == value) continue;
        problems.push_back(options.weights + ": was fine-tuned with " + key + " " + own.dump() + ", the options say " +
                           value.dump() + "; leave them out");
    }
    if (!problems.empty()) throw InputError(problems);
}

}  // namespace

Technology find_technology(const ArchSpec& arch, const std::filesystem::path& arch_file,
                           const std::filesystem::path& preset_folder) {
    const std::filesystem::path beside = technology_path(arch, arch_file);
    const std::filesystem::path preset = (preset_folder / arch.technology).lexically_normal();
    std::error_code ignored;
    // A table that --set names lies where the user is.
    const std::filesystem::path here = arch.technology;
    for (const auto& path : {beside, preset, here}) {
        if (std::filesystem::is_regular_file(path, ignored)) return read_technology(path, preset_folder / "technology");
    }
    throw InputError(arch_file.string(), "/technology",
                     "no such file: looked for " + beside.string() + ", " + preset.string() + " and " + here.string());
}

LabelledImages read_labelled_images(const std::string& dataset, const Options& options, const Network& network) {
    const DatasetName name = parse_dataset_name(dataset, options.data_root);
    if (name.kind == "images") {
        LabelledImages images = read_folder(name, options, network);
        check_fit({images.test.image_shape, std::ssize(images.test.class_names)}, network, dataset);
        return images;
    }
    LabelledImages images{read_test_images(name), {}, 0};
    check_fit({images.test.image_shape, std::ssize(images.test.class_names)}, network, dataset);
    images.calibration = read_train_images(name, options.calibration_images);
    images.test_images = images.test.size();
    return images;
}

ChipFiles read_chip(const Options& options, const TrainedInputs& trained, const std::filesystem::path& preset_folder) {
    ChipFiles chip;
    chip.file = find_arch(options.arch, preset_folder);
    chip.hash = content_hash(read_text_file(chip.file));
    const ArchSpec own = with_fields(read_arch(chip.file), options.settings, "option --set");
    if (trained.quantization) {
        check_no_contradiction(options, trained.quantization->precision);
        chip.arch = with_tuned_precision(own, trained.quantization->precision, chip.file.string());
    } else {
        chip.arch = with_overrides(own, options.precision, chip.file.string());
    }
    chip.technology = find_technology(chip.arch, chip.file, preset_folder);
    return chip;
}

TrainedInputs read_trained(const Options& options, const Network& network) {
    TrainedInputs inputs;
    if (!options.weights.empty()) {
        SavedNetwork saved = read_saved_network(options.weights, network);
        inputs.parameters = std::move(saved.parameters);
        inputs.quantization = std::move(saved.quantization);
        inputs.weights_hash = saved.content_hash;
    }
    if (!options.dataset.empty()) inputs.images = read_labelled_images(options.dataset, options, network);
    return inputs;
}

std::vector<float> network_input(const Dataset& dataset, std::int64_t index) {
    return normalize_image(dataset.image(index), dataset.image_shape, dataset.normalization);
}

}  // namespace npusim::cli
