// What a simulation gives back: plain values, no SystemC.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "npusim/arch/counters.h"

namespace npusim {

struct LayerResult {
    std::size_t node = 0;  ///< index in QuantizedNetwork::nodes
    std::string name;
    std::string op;  ///< name_of(QuantizedOp)
    Counters counters;
};

struct RunResult {
    std::string network;
    std::vector<LayerResult> layers;  ///< of one batch, in execution order
    Counters total;                   ///< sum of the layers
    /// The same of the first batch, which loads what then stays on chip; `total` where no weights stay.
    Counters first_total;
    std::int64_t batch = 1;         ///< images
    std::int64_t weight_bytes = 0;  ///< in DRAM, requantizer constants included
    std::int64_t peak_activation_bytes = 0;
    /// Integers of the output tensor, one row an image; empty when the run had no data.
    std::vector<std::vector<std::int32_t>> logits;
};

}  // namespace npusim
