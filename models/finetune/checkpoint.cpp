#include "checkpoint.h"

#include <cstring>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/models/exchange/safetensors.h"

namespace npusim {
namespace {

using nlohmann::json;

template <typename Value>
SafetensorsEntry entry_of(DType dtype, const std::vector<std::int64_t>& shape, const std::vector<Value>& values) {
    SafetensorsEntry entry{dtype, shape, std::vector<std::byte>(values.size() * sizeof(Value))};
    std::memcpy(entry.bytes.data(), values.data(), entry.bytes.size());
    return entry;
}

SafetensorsEntry entry_of(const std::vector<double>& values) {
    return entry_of(DType::f64, {static_cast<std::int64_t>(values.size())}, values);
}

template <typename Value>
std::vector<Value> values_of(const SafetensorsEntry& entry) {
    std::vector<Value> values(entry.bytes.size() / sizeof(Value));
    std::memcpy(values.data(), entry.bytes.data(), values.size() * sizeof(Value));
    return values;
}

void put(SafetensorsFile& file, const std::string& prefix, const Parameters& parameters) {
    for (const auto& [name, tensor] : parameters) {
        file.tensors[prefix + name] = entry_of(DType::f32, tensor.shape, tensor.values);
    }
}

void put(SafetensorsFile& file, const std::string& prefix, const TrainedSteps& steps) {
    if (!steps.activation_steps.empty()) file.tensors[prefix + "activations"] = entry_of(steps.activation_steps);
    for (const auto& [name, values] : steps.weight_steps) file.tensors[prefix + "weights/" + name] = entry_of(values);
}

json record_json(const EpochRecord& record) {
    json made = {record.epoch, record.learning_rate, record.train_loss, record.train_top1};
    if (record.held_out_top1) {
        made.push_back(*record.held_out_loss);
        made.push_back(*record.held_out_top1);
    }
    return made;
}

EpochRecord record_of(const json& values) {
    EpochRecord record{values.at(0).get<std::int64_t>(), values.at(1), values.at(2), values.at(3), {}, {}};
    if (values.size() > 4) {
        record.held_out_loss = values.at(4).get<double>();
        record.held_out_top1 = values.at(5).get<double>();
    }
    return record;
}

json run_json(const RunState& run, std::uint64_t passes) {
    json epochs = json::array();
    for (const auto& record : run.epochs) epochs.push_back(record_json(record));
    return {{"iteration", run.iteration}, {"epoch", run.epoch},     {"epoch_iteration", run.epoch_iteration},
            {"loss_sum", run.loss_sum},   {"correct", run.correct}, {"images", run.images},
            {"passes", passes},           {"epochs", epochs}};
}

RunState run_of(const json& made) {
    RunState run;
    made.at("iteration").get_to(run.iteration);
    made.at("epoch").get_to(run.epoch);
    made.at("epoch_iteration").get_to(run.epoch_iteration);
    made.at("loss_sum").get_to(run.loss_sum);
    made.at("correct").get_to(run.correct);
    made.at("images").get_to(run.images);
    for (const auto& values : made.at("epochs")) run.epochs.push_back(record_of(values));
    return run;
}

/// Puts a tensor where its name's prefix says.
void take(const std::string& name, const SafetensorsEntry& entry, Checkpoint& checkpoint) {
    const auto rest_of = [&](const char* prefix) { return name.substr(std::strlen(prefix)); };
    if (name.starts_with("parameter/")) {
        checkpoint.parameters[rest_of("parameter/")] = {entry.shape, values_of<float>(entry)};
    } else if (name.starts_with("momentum/")) {
        checkpoint.optimizer.momenta[rest_of("momentum/")] = {entry.shape, values_of<float>(entry)};
    } else if (name == "step/activations") {
        checkpoint.steps.activation_steps = values_of<double>(entry);
    } else if (name.starts_with("step/weights/")) {
        checkpoint.steps.weight_steps[rest_of("step/weights/")] = values_of<double>(entry);
    } else if (name == "step_momentum/activations") {
        checkpoint.optimizer.step_momenta.activation_steps = values_of<double>(entry);
    } else if (name.starts_with("step_momentum/weights/")) {
        checkpoint.optimizer.step_momenta.weight_steps[rest_of("step_momentum/weights/")] = values_of<double>(entry);
    }
}

std::string hash_of(const Parameters& parameters) {
    std::string all;
    for (const auto& [name, tensor] : parameters) {
        all += name + content_hash(std::as_bytes(std::span(tensor.values)));
    }
    return content_hash(all);
}

}  // namespace

std::string identity_of(const TrainingJob& job) {
    const json identity = {{"network", job.network.name},
                           {"input", {job.network.input_shape().height, job.network.input_shape().width}},
                           {"start", hash_of(job.start)},
                           {"train", job.train->content_hash()},
                           {"held_out", job.held_out != nullptr ? job.held_out->content_hash() : ""},
                           {"recipe", to_json(job.recipe)}};
    return identity.dump();
}

void write_checkpoint(const Checkpoint& checkpoint, const std::string& identity, const std::filesystem::path& path) {
    SafetensorsFile file;
    file.metadata["npusim.run"] = run_json(checkpoint.run, checkpoint.optimizer.passes).dump();
    file.metadata["npusim.identity"] = identity;
    put(file, "parameter/", checkpoint.parameters);
    put(file, "momentum/", checkpoint.optimizer.momenta);
    put(file, "step/", checkpoint.steps);
    put(file, "step_momentum/", checkpoint.optimizer.step_momenta);
    write_safetensors(file, path);
}

Checkpoint read_checkpoint(const std::filesystem::path& path, const std::string& identity) {
    const SafetensorsFile file = read_safetensors(path);
    const auto found = file.metadata.find("npusim.identity");
    if (found == file.metadata.end() || file.metadata.count("npusim.run") == 0) {
        throw InputError(path.string(), "metadata", "is no checkpoint of npusim; remove it or name another folder");
    }
    if (found->second != identity) {
        throw InputError(path.string(), "metadata npusim.identity",
                         "belongs to another run (network, data, start or recipe differ); remove it or name another "
                         "folder");
    }
    Checkpoint checkpoint;
    try {
        const json run = json::parse(file.metadata.at("npusim.run"));
        checkpoint.run = run_of(run);
        checkpoint.optimizer.passes = run.at("passes").get<std::uint64_t>();
    } catch (const json::exception& error) {
        throw InputError(path.string(), "metadata npusim.run", std::string("is damaged: ") + error.what());
    }
    for (const auto& [name, entry] : file.tensors) take(name, entry, checkpoint);
    return checkpoint;
}

}  // namespace npusim
