// From when to when a network's tensors are needed.
#pragma once

#include <cstddef>
#include <vector>

#include "npusim/models/quantization/quantized_network.h"

namespace npusim {

/// Of one tensor; nodes by their place in the network.
struct TensorLife {
    std::size_t first = 0;  ///< that writes it, or of an input that is there before, that reads it
    std::size_t last = 0;   ///< that writes or reads it
    std::size_t writes = 0;
    std::size_t reads = 0;
    bool is_made = false;  ///< by a node before the first one that reads it
    [[nodiscard]] bool is_alive(std::size_t node) const { return first <= node && node <= last; }
    [[nodiscard]] bool overlaps(const TensorLife& other) const { return first <= other.last && other.first <= last; }
};

/// Indexed as QuantizedNetwork::tensors.
[[nodiscard]] std::vector<TensorLife> tensor_lives(const QuantizedNetwork& network);

}  // namespace npusim
