// Writes the commands of one layer.
#pragma once

#include "tiling.h"

namespace npusim {

/// Emits node `index`, cut by `tiling`; appends its weight tiles, placed in DRAM from `dram_end` on, which moves.
[[nodiscard]] LayerProgram emit_layer(const LayerContext& layer, const Tiling& tiling, std::size_t index,
                                      std::uint64_t& dram_end, std::vector<WeightTile>& weight_tiles);

}  // namespace npusim
