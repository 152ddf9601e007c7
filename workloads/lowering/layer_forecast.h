// What a layer's commands will take: the units' exact times, and their waiting for one another.
#pragma once

#include "tiling.h"

namespace npusim {

/// Walks the commands as the machine does, without its events: every unit in its order, tokens, two transfers
/// outstanding a queue, loads before stores that ask in the same cycle. Cycles are the machine's where DRAM is ideal or
/// has one channel and no `timing`; otherwise DRAM is taken to be so.
[[nodiscard]] DataflowForecast forecast_layer(const LayerContext& layer, const LayerProgram& program);

}  // namespace npusim
