#include "npusim/models/exchange/saved_network.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "npusim/base/error.h"
#include "npusim/models/quantization/precision_json.h"

namespace npusim {
namespace {

constexpr const char* kPrecisionKey = "npusim.precision";
constexpr const char* kStepsKey = "npusim.steps";

nlohmann::json steps_json(const TrainedSteps& steps) {
    nlohmann::json json;
    json["activations"] = steps.activation_steps;
    json["weights"] = nlohmann::json::object();
    for (const auto& [name, values] : steps.weight_steps) json["weights"][name] = values;
    return json;
}

TrainedSteps read_steps(const nlohmann::json& json, const std::string& place) {
    constexpr Range<double> allowed{std::numeric_limits<double>::min(), std::numeric_limits<double>::max()};
    TrainedSteps steps;
    JsonReader reader(json, place);
    steps.activation_steps = reader.numbers("activations", allowed);
    JsonReader weights = reader.object("weights");
    for (const std::string& name : weights.keys()) steps.weight_steps[name] = weights.numbers(name, allowed);
    weights.reject_unknown_keys();
    reader.reject_unknown_keys();
    reader.finish();
    return steps;
}

/// Every weight layer needs its steps, one a channel, and every stored tensor its own.
void check_steps(const SavedQuantization& saved, const Network& network, const std::string& path) {
    std::vector<std::string> problems;
    const QuantizedNetwork structure = quantize_structure(network, saved.precision, 47);
    const std::string place = path + ": metadata " + kStepsKey + ": ";
    if (saved.steps.activation_steps.size() != structure.tensors.size()) {
        problems.push_back(place + std::to_string(saved.steps.activation_steps.size()) + " activation steps, " +
                           network.name + " stores " + std::to_string(structure.tensors.size()) + " tensors");
    }
    std::size_t layers = 0;
    for (const QuantizedNode& node : structure.nodes) {
        if (node.op != QuantizedOp::convolution) continue;
        ++layers;
        const auto found = saved.steps.weight_steps.find(node.name);
        if (found == saved.steps.weight_steps.end()) {
            problems.push_back(place + "no weight steps for " + node.name);
        } else if (static_cast<std::int64_t>(found->second.size()) != node.output_shape.channels) {
            problems.push_back(place + node.name + " has " + std::to_string(found->second.size()) +
                               " weight steps, one for each of " + std::to_string(node.output_shape.channels) +
                               " channels is needed");
        }
    }
    if (problems.empty() && saved.steps.weight_steps.size() != layers) {
        problems.push_back(place + "weight steps of layers that " + network.name + " has not");
    }
    if (!problems.empty()) throw InputError(problems);
}

std::optional<SavedQuantization> read_quantization(const SafetensorsFile& file, const Network& network) {
    const auto precision = file.metadata.find(kPrecisionKey);
    const auto steps = file.metadata.find(kStepsKey);
    if (precision == file.metadata.end() && steps == file.metadata.end()) return std::nullopt;
    if (precision == file.metadata.end() || steps == file.metadata.end()) {
        throw InputError(file.path, "metadata",
                         std::string(kPrecisionKey) + " and " + kStepsKey + " must both be there, or neither");
    }
    SavedQuantization saved;
    const std::string place = file.path + ": metadata " + kPrecisionKey;
    const nlohmann::json json = parse_json(precision->second, place);
    JsonReader reader(json, place);
    JsonReader same = reader;
    saved.precision = read_precision(std::move(same));
    reader.finish();
    const std::string steps_place = file.path + ": metadata " + kStepsKey;
    saved.steps = read_steps(parse_json(steps->second, steps_place), steps_place);
    check_steps(saved, network, file.path);
    return saved;
}

SafetensorsEntry entry_of(const Tensor& tensor) {
    SafetensorsEntry entry;
    entry.dtype = DType::f32;
    entry.shape = tensor.shape;
    entry.bytes.resize(tensor.values.size() * sizeof(float));
    std::memcpy(entry.bytes.data(), tensor.values.data(), entry.bytes.size());
    return entry;
}

}  // namespace

void write_saved_network(const SavedNetwork& saved, const std::filesystem::path& path) {
    SafetensorsFile file;
    file.metadata = saved.metadata;
    for (const auto& [name, tensor] : saved.parameters) file.tensors[name] = entry_of(tensor);
    if (saved.quantization) {
        file.metadata[kPrecisionKey] = to_json(saved.quantization->precision).dump();
        file.metadata[kStepsKey] = steps_json(saved.quantization->steps).dump();
    }
    write_safetensors(file, path);
}

SavedNetwork read_saved_network(const std::filesystem::path& path, const Network& network) {
    const SafetensorsFile file = read_safetensors(path);
    SavedNetwork saved;
    saved.parameters = load_parameters(file, network);
    saved.quantization = read_quantization(file, network);
    saved.metadata = file.metadata;
    saved.content_hash = file.content_hash;
    return saved;
}

}  // namespace npusim
