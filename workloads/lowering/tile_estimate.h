// What the tilers weigh: the time of a tiling, its DRAM traffic, its number of commands.
#pragma once

#include <compare>
#include <optional>

#include "tiling.h"

namespace npusim {

struct Estimate {
    std::int64_t cycles = 0;
    std::int64_t bus_bytes = 0;
    std::int64_t commands = 0;
    // clang-tidy 14 takes the 0 that a defaulted comparison holds for a null pointer.
    friend auto operator<=>(const Estimate&, const Estimate&) = default;  // NOLINT(modernize-use-nullptr)
};

/// An output box as large as a tiling's largest; only its extents matter.
[[nodiscard]] Region largest_tile(const Tiling& tiling);
/// A box of input as large as the largest that an output tile needs; channels relative to the node's view.
[[nodiscard]] Region largest_input(const LayerContext& layer, const Tiling& tiling, std::int64_t channel_begin,
                                   std::int64_t channel_end);
/// What moves between DRAM and the chip: bytes in whole bursts, and the number of transfers.
struct Traffic {
    std::int64_t load_bytes = 0;
    std::int64_t loads = 0;
    std::int64_t store_bytes = 0;
    std::int64_t stores = 0;
};
/// Outputs and residuals of one tile.
[[nodiscard]] Traffic result_traffic(const LayerContext& layer, const Tiling& tiling);
/// Cycles of the bus for `bytes`.
[[nodiscard]] std::int64_t bus_cycles(const ArchSpec& arch, std::int64_t bytes);
/// The slowest unit's time plus what nothing can hide; without double buffering nothing overlaps.
[[nodiscard]] Estimate combine(const ArchSpec& arch, const Traffic& traffic, std::int64_t array_cycles,
                               std::int64_t vector_cycles, std::int64_t first_last_bytes, std::int64_t commands);

/// Extents that are worth trying, at most `largest`: the whole cut into equal parts.
[[nodiscard]] std::vector<std::int64_t> tile_extents(std::int64_t whole, std::int64_t largest);
/// Images of a tile that are worth trying, at most `largest`: several only where a tile has the whole map.
[[nodiscard]] std::vector<std::int64_t> image_tiles(const LayerContext& layer, const Tiling& tiling,
                                                    std::int64_t largest);
/// Powers of two times `unit`, below it too if wanted, and the whole.
[[nodiscard]] std::vector<std::int64_t> channel_tiles(std::int64_t whole, std::int64_t unit, bool below_unit);
/// Tiles of `out_channels` begin and end on whole bytes of every tensor that they read or write channel by channel.
[[nodiscard]] bool tiles_aligned(const LayerContext& layer, std::int64_t out_channels);
[[nodiscard]] bool fits(const LayerContext& layer, const SlotBytes& bytes);

/// Output channels of a tile that are worth trying, the fewest first: those that keep tiles on whole bytes and groups.
[[nodiscard]] std::vector<std::int64_t> out_channel_tiles(const LayerContext& layer);
/// Rows of accumulators, each as wide as the array, that a tile takes.
[[nodiscard]] std::int64_t accumulator_rows(const LayerContext& layer, std::int64_t pixels, std::int64_t out_channels);
/// The most pixels that a tile of so many output channels may have for one slot of accumulators.
[[nodiscard]] std::int64_t accumulator_pixels(const LayerContext& layer, std::int64_t out_channels);

struct TilingChoice {
    Tiling tiling;
    Estimate estimate;
};

/// The best tiling of a layer of each kind, and of any, or nothing when none fits.
[[nodiscard]] std::optional<TilingChoice> convolution_tiling(const LayerContext& layer);
[[nodiscard]] std::optional<TilingChoice> vector_tiling(const LayerContext& layer);
[[nodiscard]] std::optional<TilingChoice> find_tiling(const LayerContext& layer);

}  // namespace npusim
