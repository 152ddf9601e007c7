// Lowers a quantized network onto an architecture: tiles, places and orders its work.
#pragma once

#include "npusim/arch/arch_spec.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim {

/// Throws InputError when a layer's smallest tile does not fit a buffer: names the layer, the buffer, what it needs
/// and what there is.
[[nodiscard]] Program lower(const QuantizedNetwork& network, const ArchSpec& arch);

}  // namespace npusim
