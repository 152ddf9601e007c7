// Lowers a quantized network onto an architecture: tiles, places and orders its work.
#pragma once

#include "npusim/arch/arch_spec.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim {

/// A program that `batch` images go through together, layer by layer. Throws InputError when a layer's smallest tile
/// does not fit a buffer: names the layer, the buffer, what it needs and what there is.
[[nodiscard]] Program lower(const QuantizedNetwork& network, const ArchSpec& arch, std::int64_t batch = 1);

}  // namespace npusim
