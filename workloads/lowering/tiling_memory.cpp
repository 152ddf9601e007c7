#include "tiling_memory.h"

#include "layer_emitter.h"
#include "layer_forecast.h"

namespace npusim {
namespace {

LayerProgram emitted(const LayerContext& layer, const Tiling& tiling) {
    std::uint64_t dram_end = 0;
    std::vector<WeightTile> tiles;
    return emit_layer(layer, tiling, 0, dram_end, tiles);
}

/// Where all images lie as the first one, but there is only one.
std::vector<TensorLayout> single_layouts(const LayerContext& layer) {
    std::vector<TensorLayout> layouts = layer.layouts;
    for (TensorLayout& layout : layouts) layout.images = 1;
    return layouts;
}

/// Image by image, in the order of one image: where that has one tile of pixels, weights change inside of it.
Tiling one_by_one(const LayerContext& layer, Tiling tiling) {
    const TensorShape& out = layer.node.output_shape;
    if (tiling.rows == out.height && tiling.columns == out.width) tiling.weights_outer = false;
    return tiling;
}

}  // namespace

DataflowForecast forecast_tiling(const LayerContext& layer, const Tiling& tiling) {
    return forecast_layer(layer, emitted(layer, tiling));
}

std::int64_t resident_weight_bytes(const LayerContext& layer, const Tiling& tiling) {
    std::int64_t bytes = 0;
    for (const Command& command : emitted(layer, tiling).first_commands) {
        const auto* load = std::get_if<LoadCommand>(&command.work);
        if (load != nullptr) bytes += load->weight_bytes + load->parameter_bytes;
    }
    return bytes;
}

std::optional<PlannedLayer> TilingMemory::plan(const LayerContext& layer) {
    const auto best = find_tiling(layer);
    if (!best) return std::nullopt;
    if (layer.batch() == 1) return PlannedLayer{best->tiling, best->estimate};
    const std::vector<TensorLayout> layouts = single_layouts(layer);
    const LayerContext single{layer.network, layer.node, layouts, layer.arch, layer.stays};
    const auto one = find_tiling(single);
    if (!one) return PlannedLayer{best->tiling, best->estimate};
    const DataflowForecast alone = forecast_tiling(single, one->tiling);
    const DataflowForecast together = forecast_tiling(layer, best->tiling);
    const bool moves_more = together.dram_bytes > layer.batch() * alone.dram_bytes;
    if (!moves_more && together.cycles <= layer.batch() * alone.cycles) {
        return PlannedLayer{best->tiling, best->estimate};
    }
    const PlannedLayer kept{one_by_one(layer, one->tiling), best->estimate};
    if (moves_more || forecast_tiling(layer, kept.tiling).cycles < together.cycles) return kept;
    return PlannedLayer{best->tiling, best->estimate};
}

TilingMemory::Entry& TilingMemory::entry(const LayerContext& layer) {
    std::vector<std::int64_t> key = tiling_key(layer);
    key.push_back(static_cast<std::int64_t>(layer.arch.array.dataflow));
    const auto [place, is_new] = entries_.try_emplace(std::move(key));
    if (is_new) place->second.planned = plan(layer);
    return place->second;
}

const PlannedLayer* TilingMemory::find(const LayerContext& layer) {
    const Entry& known = entry(layer);
    return known.planned ? &*known.planned : nullptr;
}

const Tiling& TilingMemory::choose(const LayerContext& layer) {
    Entry& known = entry(layer);
    if (!known.planned) known.planned = PlannedLayer{choose_tiling(layer), {}};
    return known.planned->tiling;
}

const DataflowForecast& TilingMemory::forecast_of(const LayerContext& layer) {
    Entry& known = entry(layer);
    if (!known.forecast) known.forecast = forecast_tiling(layer, known.planned->tiling);
    return *known.forecast;
}

std::int64_t TilingMemory::resident_weight_bytes_of(const LayerContext& layer) {
    Entry& known = entry(layer);
    if (!known.resident_weight_bytes) known.resident_weight_bytes = resident_weight_bytes(layer, known.planned->tiling);
    return *known.resident_weight_bytes;
}

}  // namespace npusim
