// The main job's JSON, read back.
#include <algorithm>

#include "cli/priced_results.h"
#include "npusim/base/error.h"
#include "npusim/base/json_reader.h"
#include "npusim/sweeps/result_json.h"

namespace npusim::cli {
namespace {

using nlohmann::json;

constexpr const char* kKeys[] = {"provenance", "network",    "arch",     "accuracy", "proof",  "figures", "energy",
                                 "area",       "leakage_mw", "counters", "layers",   "ladder", "notes"};

/// What newer results have too.
constexpr const char* kOptionalKeys[] = {"bounds", "energy_with_data"};

/// Why this is no result of the main job; empty where it has the keys of one, and no others.
std::string shape_problem(const json& file) {
    if (!file.is_object()) return "is no JSON object";
    for (const char* key : kKeys) {
        if (!file.contains(key)) return std::string("lacks \"") + key + "\"";
    }
    for (const auto& item : file.items()) {
        const auto is = [&](const char* key) { return item.key() == key; };
        if (std::none_of(std::begin(kKeys), std::end(kKeys), is) &&
            std::none_of(std::begin(kOptionalKeys), std::end(kOptionalKeys), is)) {
            return "has \"" + item.key() + "\", which no result has";
        }
    }
    return "";
}

std::vector<std::pair<std::string, double>> parts_in(const json& object, const std::string& unit,
                                                     std::vector<std::pair<std::string, double>> parts) {
    for (auto& [name, value] : parts) value = object.at(name + unit).get<double>();
    return parts;
}

std::map<std::string, double> accuracies_in(const json& accuracy) {
    std::map<std::string, double> found;
    // The integers' own accuracy is that after fine-tuning, where there was one.
    const std::pair<const char*, const char*> names[] = {{"fp32_top1", "fp32_top1"},
                                                         {"quantized_top1", "quantized_top1"},
                                                         {"quantized_top1", "top1"},
                                                         {"tuned_top1", "top1"}};
    for (const auto& [key, name] : names) {
        if (!accuracy.at(key).is_null()) found[name] = accuracy.at(key).get<double>();
    }
    return found;
}

void add_ranges(PricedResult& result, const json& file) {
    const json bounds = file.value("bounds", json());
    if (bounds.is_null()) return;
    const auto range = [&](const char* part, const char* total) {
        return std::pair{bounds.at("low").at(part).at(total).get<double>(),
                         bounds.at("high").at(part).at(total).get<double>()};
    };
    result.energy_range_pj = range("energy", "total_pj");
    result.area_range_mm2 = range("area", "total_mm2");
}

PricedResult result_in(const json& file, const std::string& source) {
    PricedResult result;
    result.source = source;
    const json& shape = file.at("network").at("input_shape");
    result.network = file.at("network").at("name").get<std::string>() + " " + shape.at(0).dump() + "x" +
                     shape.at(1).dump() + "x" + shape.at(2).dump();
    result.technology = file.at("provenance").at("technology_hash").get<std::string>();
    result.arch = parse_arch(file.at("arch"), source + ", arch");
    result.total = counters_from_json(file.at("counters"));
    result.batch = file.at("figures").value("batch", std::int64_t{1});
    result.energy_pj = parts_in(file.at("energy"), "_pj", EnergyBreakdown{}.parts());
    result.area_mm2 = parts_in(file.at("area"), "_mm2", AreaBreakdown{}.parts());
    add_ranges(result, file);
    result.accuracies = accuracies_in(file.at("accuracy"));
    Counters sum;
    for (const json& layer : file.at("layers")) {
        result.layers.push_back({layer.at("name").get<std::string>(), layer.at("op").get<std::string>(),
                                 counters_from_json(layer.at("counters")),
                                 layer.at("energy").at("total_pj").get<double>()});
        sum += result.layers.back().counters;
    }
    if (sum != result.total) throw InputError(source, "/counters", "is not the sum of the layers' counters");
    return result;
}

}  // namespace

PricedResult read_result_file(const std::string& name) {
    const std::string refused = "is no result that npusim --json wrote: ";
    const json file = read_json_file(name);
    if (const std::string problem = shape_problem(file); !problem.empty()) {
        throw InputError(name, "", refused + "it " + problem);
    }
    try {
        return result_in(file, name);
    } catch (const json::exception& error) {
        throw InputError(name, "", refused + error.what());
    }
}

}  // namespace npusim::cli
