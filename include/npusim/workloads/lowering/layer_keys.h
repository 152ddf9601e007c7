// By what the result of a layer's simulation is remembered.
#pragma once

#include <string>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/models/quantization/quantized_network.h"

namespace npusim {

/// To be raised by every change to lowering or machine that changes a counter: results that are kept outlive programs.
inline constexpr int kMachineRevision = 3;

/// For each node the hash of everything that determines its counters in a timing run: what it computes, of how many
/// images, how its tensors lie, what stays on chip, and the machine. Layers start from a defined state, so equal keys
/// mean equal counters, whatever the network, the clock or the price of a pJ.
[[nodiscard]] std::vector<std::string> layer_keys(const QuantizedNetwork& network, const ArchSpec& arch,
                                                  std::int64_t batch = 1);

}  // namespace npusim
