#include "point_plan.h"

#include "npusim/base/files.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/quantizer.h"
#include "npusim/sweeps/sweep_runner.h"
#include "npusim/workloads/lowering/layer_keys.h"

namespace npusim {

const Network& Networks::get(const std::string& name) {
    const auto found = networks_.find(name);
    if (found != networks_.end()) return found->second;
    return networks_.emplace(name, make_network(name)).first->second;
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

PointPlan plan_point(const Network& network, const std::string& key, const ArchSpec& arch, std::int64_t batch) {
    PointPlan plan;
    plan.network = &network;
    plan.point.key = key;
    plan.point.network = network.name;
    plan.point.arch = to_json(arch);
    const QuantizedNetwork structure = quantize_structure(network, arch.precision, arch.array.accumulator_bits);
    const std::vector<std::string> keys = layer_keys(structure, arch, batch);
    for (std::size_t i = 0; i < keys.size(); ++i) plan.point.layers.emplace_back(structure.nodes[i].name, keys[i]);
    return plan;
}

}  // namespace npusim
