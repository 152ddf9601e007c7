#include "point_plan.h"

#include "npusim/base/files.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/precision_json.h"
#include "npusim/models/quantization/quantizer.h"
#include "npusim/sweeps/sweep_runner.h"
#include "npusim/workloads/lowering/layer_keys.h"

namespace npusim {

const Network& Networks::get(const std::string& name) {
    const auto found = networks_.find(name);
    if (found != networks_.end()) return found->second;
    return networks_.emplace(name, make_network(name)).first->second;
}

const QuantizedNetwork& Networks::structure(const std::string& name, const ArchSpec& arch) {
    constexpr std::size_t most_remembered = 32;
    const std::string key =
        name + ' ' + to_json(arch.precision).dump() + ' ' + std::to_string(arch.array.accumulator_bits);
    const auto found = structures_.find(key);
    if (found != structures_.end()) return found->second;
    if (structures_.size() == most_remembered) structures_.clear();
    return structures_.emplace(key, quantize_structure(get(name), arch.precision, arch.array.accumulator_bits))
        .first->second;
}

std::string point_key(const std::string& network, const ArchSpec& arch, std::int64_t batch) {
    nlohmann::json seen = to_json(arch);
    for (const char* unseen : {"name", "description"}) seen.erase(unseen);
    return content_hash(nlohmann::json{
        {"network", network}, {"arch", std::move(seen)}, {"batch", batch}, {"machine_revision", kMachineRevision}}
                            .dump());
}

nlohmann::json settings_json(const SweepPoint& point) {
    nlohmann::json settings = nlohmann::json::array();
    for (const auto& [field, value] : point.settings) settings.push_back({field, value});
    return settings;
}

std::string key_of(const SweepPoint& point) {
    if (point.arch) return point_key(point.network, *point.arch, point.batch);
    return content_hash(nlohmann::json{point.network, settings_json(point), point.impossible, kMachineRevision}.dump());
}

PointPlan plan_point(Networks& networks, const SweepPoint& point, const std::string& key) {
    const QuantizedNetwork& structure = networks.structure(point.network, *point.arch);
    PointPlan plan;
    plan.point.key = key;
    plan.point.network = networks.get(point.network).name;
    plan.point.arch = to_json(*point.arch);
    const std::vector<std::string> keys = layer_keys(structure, *point.arch, point.batch);
    for (std::size_t i = 0; i < keys.size(); ++i) plan.point.layers.emplace_back(structure.nodes[i].name, keys[i]);
    return plan;
}

}  // namespace npusim
