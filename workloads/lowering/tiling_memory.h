// Tilings by what they depend on: layers that are alike are cut once.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "tile_estimate.h"

namespace npusim {

struct PlannedLayer {
    Tiling tiling;
    Estimate estimate;
};

/// What a layer takes that is cut so; weights that stay on chip are there already.
[[nodiscard]] DataflowForecast forecast_tiling(const LayerContext& layer, const Tiling& tiling);
/// Bytes of the layer's weights and constants in SRAM, tile by tile.
[[nodiscard]] std::int64_t resident_weight_bytes(const LayerContext& layer, const Tiling& tiling);

class TilingMemory {
public:
    /// The best tiling, or nothing when none fits. A batch never moves more than its images would one by one, and is
    /// not forecast to take longer where their order can be kept.
    [[nodiscard]] const PlannedLayer* find(const LayerContext& layer);
    /// The same; throws InputError as choose_tiling does.
    [[nodiscard]] const Tiling& choose(const LayerContext& layer);
    /// forecast_tiling of what find gave, made once.
    [[nodiscard]] const DataflowForecast& forecast_of(const LayerContext& layer);
    /// resident_weight_bytes of it, of a layer whose weights stay.
    [[nodiscard]] std::int64_t resident_weight_bytes_of(const LayerContext& layer);

private:
    struct Entry {
        std::optional<PlannedLayer> planned;
        std::optional<DataflowForecast> forecast;
        std::optional<std::int64_t> resident_weight_bytes;
    };
    Entry& entry(const LayerContext& layer);
    [[nodiscard]] static std::optional<PlannedLayer> plan(const LayerContext& layer);

    std::map<std::vector<std::int64_t>, Entry> entries_;
};

}  // namespace npusim
