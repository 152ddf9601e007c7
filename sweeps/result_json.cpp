#include "npusim/sweeps/result_json.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "counter_fields.h"

namespace npusim {
namespace {

using nlohmann::json;
using namespace counter_fields;

std::string cause_name(std::size_t index) {
    return std::string(name_of(static_cast<IdleCause>(index)));
}

json unit_json(const UnitCycles& unit) {
    json idle = json::object();
    for (std::size_t cause = 0; cause < kIdleCauses; ++cause) idle[cause_name(cause)] = unit.idle_cycles[cause];
    return {{"busy_cycles", unit.busy_cycles}, {"idle_cycles", std::move(idle)}};
}

UnitCycles unit_from_json(const json& value) {
    UnitCycles unit;
    value.at("busy_cycles").get_to(unit.busy_cycles);
    for (std::size_t cause = 0; cause < kIdleCauses; ++cause) {
        value.at("idle_cycles").at(cause_name(cause)).get_to(unit.idle_cycles[cause]);
    }
    return unit;
}

json operations_json(const std::map<std::pair<int, int>, std::uint64_t>& by_bits) {
    json list = json::array();
    for (const auto& [bits, operations] : by_bits) {
        list.push_back({{"weight_bits", bits.first}, {"activation_bits", bits.second}, {"operations", operations}});
    }
    return list;
}

std::map<std::pair<int, int>, std::uint64_t> operations_from_json(const json& list) {
    std::map<std::pair<int, int>, std::uint64_t> by_bits;
    for (const json& row : list) {
        by_bits[{row.at("weight_bits").get<int>(), row.at("activation_bits").get<int>()}] =
            row.at("operations").get<std::uint64_t>();
    }
    return by_bits;
}

json layer_json(const LayerResult& layer) {
    return {{"node", layer.node}, {"name", layer.name}, {"op", layer.op}, {"counters", to_json(layer.counters)}};
}

LayerResult layer_from_json(const json& value) {
    return {value.at("node").get<std::size_t>(), value.at("name").get<std::string>(), value.at("op").get<std::string>(),
            counters_from_json(value.at("counters"))};
}

json parts_json(const std::vector<std::pair<std::string, double>>& parts, const std::string& unit) {
    json object = json::object();
    for (const auto& [name, value] : parts) object[name + unit] = value;
    return object;
}

}  // namespace

json to_json(const Counters& counters) {
    json object = json::object();
    for (const auto& [name, member] : number_fields) object[name] = counters.*member;
    object["pe_operations_by_bits"] = operations_json(counters.pe_operations_by_bits);
    object["output_stationary_operations_by_bits"] = operations_json(counters.output_stationary_operations_by_bits);
    for (const auto& [name, member] : unit_fields) object[name] = unit_json(counters.*member);
    for (const auto& [name, member] : buffer_fields) {
        object[name] = {{"reads", (counters.*member).reads}, {"writes", (counters.*member).writes}};
    }
    for (const auto& [name, member] : dram_fields) object["dram"][name] = counters.dram.*member;
    return object;
}

Counters counters_from_json(const json& value) {
    Counters counters;
    for (const auto& [name, member] : number_fields) value.at(name).get_to(counters.*member);
    counters.pe_operations_by_bits = operations_from_json(value.at("pe_operations_by_bits"));
    counters.output_stationary_operations_by_bits =
        operations_from_json(value.at("output_stationary_operations_by_bits"));
    for (const auto& [name, member] : unit_fields) counters.*member = unit_from_json(value.at(name));
    for (const auto& [name, member] : buffer_fields) {
        value.at(name).at("reads").get_to((counters.*member).reads);
        value.at(name).at("writes").get_to((counters.*member).writes);
    }
    for (const auto& [name, member] : dram_fields) value.at("dram").at(name).get_to(counters.dram.*member);
    return counters;
}

json to_json(const RunResult& result) {
    json layers = json::array();
    for (const LayerResult& layer : result.layers) layers.push_back(layer_json(layer));
    return {{"network", result.network},
            {"layers", std::move(layers)},
            {"total", to_json(result.total)},
            {"first_total", to_json(result.first_total)},
            {"batch", result.batch},
            {"weight_bytes", result.weight_bytes},
            {"peak_activation_bytes", result.peak_activation_bytes},
            {"logits", result.logits}};
}

RunResult run_result_from_json(const json& value) {
    RunResult result;
    value.at("network").get_to(result.network);
    for (const json& layer : value.at("layers")) result.layers.push_back(layer_from_json(layer));
    result.total = counters_from_json(value.at("total"));
    result.first_total = counters_from_json(value.at("first_total"));
    value.at("batch").get_to(result.batch);
    value.at("weight_bytes").get_to(result.weight_bytes);
    value.at("peak_activation_bytes").get_to(result.peak_activation_bytes);
    value.at("logits").get_to(result.logits);
    return result;
}

json to_json(const EnergyBreakdown& energy) {
    json object = parts_json(energy.parts(), "_pj");
    object["total_pj"] = energy.total_pj();
    object["on_chip_pj"] = energy.on_chip_pj();
    return object;
}

json to_json(const AreaBreakdown& area) {
    json object = parts_json(area.parts(), "_mm2");
    object["total_mm2"] = area.total_mm2();
    return object;
}

}  // namespace npusim
