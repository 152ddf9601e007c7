#include "layer_dataflow.h"

#include <algorithm>
#include <tuple>

#include "layer_emitter.h"
#include "layer_forecast.h"
#include "npusim/base/error.h"
#include "npusim/workloads/lowering/dataflow.h"

namespace npusim {
namespace {

void check_names(const QuantizedNetwork& network, const ArchSpec& arch) {
    std::vector<std::string> names;
    for (const QuantizedNode& node : network.nodes) {
        if (node.op == QuantizedOp::convolution) names.push_back(node.name);
    }
    std::vector<std::string> problems;
    for (const auto& [name, dataflow] : arch.array.layer_dataflows) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        problems.push_back("architecture " + arch.name + ": /array/layer_dataflows: " + network.name +
                           " has no layer \"" + name + "\" on the array; the nearest are " +
                           join(nearest_names(name, names)));
    }
    if (!problems.empty()) throw InputError(problems);
}

/// Less is better; of equals the dataflow that comes first in the table.
std::tuple<std::int64_t, std::int64_t> rank(const DataflowForecast& forecast, DataflowGoal goal) {
    if (goal == DataflowGoal::fastest) return {forecast.cycles, forecast.movement_cost};
    return {forecast.movement_cost, forecast.cycles};
}

std::string percent_more(std::int64_t least, std::int64_t other) {
    const std::int64_t tenths = least > 0 ? (other - least) * 1000 / least : 0;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

/// "fewest cycles: output_stationary takes 3.1 % more, input_stationary 40.0 %"
std::string reason_of(const LayerDataflow& chosen, DataflowGoal goal) {
    const auto value = [&](const DataflowForecast& one) { return std::get<0>(rank(one, goal)); };
    const auto of_chosen = std::find_if(chosen.forecasts.begin(), chosen.forecasts.end(),
                                        [&](const auto& one) { return one.dataflow == chosen.dataflow; });
    std::string text = goal == DataflowGoal::fastest ? "fewest cycles" : "least data movement";
    std::string before = ": ";
    for (const DataflowForecast& other : chosen.forecasts) {
        if (other.dataflow == chosen.dataflow) continue;
        text += before;
        text.append(name_of(other.dataflow));
        text += (before == ": " ? " takes " : " ") + percent_more(value(*of_chosen), value(other)) +
                (before == ": " ? " more" : "");
        before = ", ";
    }
    return chosen.forecasts.size() == 1 ? "the only one whose tiles fit" : text;
}

/// Forecasts of the layer in each dataflow that it can be cut for.
std::vector<DataflowForecast> forecasts_of(const QuantizedNetwork& network, const QuantizedNode& node,
                                           const ChipsByDataflow& chips, const std::vector<TensorLayout>& layouts,
                                           TilingMemory& tilings) {
    std::vector<DataflowForecast> forecasts;
    for (const auto& [dataflow, policy] : dataflows()) {
        const LayerContext layer{network, node, layouts, chips.in(dataflow)};
        const PlannedLayer* planned = tilings.find(layer);
        if (planned == nullptr) continue;
        std::uint64_t dram_end = 0;
        std::vector<WeightTile> tiles;
        forecasts.push_back(forecast_layer(layer, emit_layer(layer, planned->tiling, 0, dram_end, tiles)));
    }
    return forecasts;
}

/// Where no dataflow fits, the chip's: its tiling says why.
LayerDataflow best_of(std::vector<DataflowForecast> forecasts, const ArraySpec& array) {
    LayerDataflow best{array.dataflow, "", std::move(forecasts)};
    if (best.forecasts.empty()) return best;
    const DataflowGoal goal = *array.auto_dataflow;
    best.dataflow = std::min_element(best.forecasts.begin(), best.forecasts.end(), [&](const auto& a, const auto& b) {
                        return rank(a, goal) < rank(b, goal);
                    })->dataflow;
    best.reason = reason_of(best, goal);
    return best;
}

}  // namespace

ChipsByDataflow::ChipsByDataflow(const ArchSpec& arch) : chips_(dataflows().size(), arch) {
    for (std::size_t i = 0; i < chips_.size(); ++i) chips_[i].array.dataflow = dataflows()[i].first;
}

const ArchSpec& ChipsByDataflow::in(Dataflow dataflow) const {
    return *std::find_if(chips_.begin(), chips_.end(),
                         [&](const ArchSpec& chip) { return chip.array.dataflow == dataflow; });
}

std::vector<LayerDataflow> choose_dataflows(const QuantizedNetwork& network, const ArchSpec& arch,
                                            const ChipsByDataflow& chips, const std::vector<TensorLayout>& layouts,
                                            TilingMemory& tilings) {
    check_names(network, arch);
    std::map<std::vector<std::int64_t>, LayerDataflow> known;
    std::vector<LayerDataflow> chosen;
    chosen.reserve(network.nodes.size());
    for (const QuantizedNode& node : network.nodes) {
        const auto named = arch.array.layer_dataflows.find(node.name);
        const bool has_choice = arch.array.auto_dataflow && node.op == QuantizedOp::convolution;
        if (named != arch.array.layer_dataflows.end()) {
            chosen.push_back({named->second, "", {}});
            continue;
        }
        if (!has_choice) {
            chosen.push_back({arch.array.dataflow, "", {}});
            continue;
        }
        const auto [place, is_new] = known.try_emplace(tiling_key(LayerContext{network, node, layouts, arch}));
        if (is_new) place->second = best_of(forecasts_of(network, node, chips, layouts, tilings), arch.array);
        chosen.push_back(place->second);
    }
    return chosen;
}

}  // namespace npusim
