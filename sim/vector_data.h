// What vector commands do with data: the same at both levels of detail. No time passes here.
#pragma once

#include "current_layer.h"
#include "npusim/workloads/lowering/dataflow.h"
#include "scratchpad.h"
#include "tile_arithmetic.h"

namespace npusim::sim {

/// Adds what a command did to a layer's counters.
void count_vector(const VectorTiming& timing, Counters& counters);

/// Where its operands lie, and where its results go.
struct VectorData {
    Scratchpad& weights;
    Scratchpad& activations;
    std::vector<AccumulatorSlot>& accumulators;

    void compute(const CurrentLayer& layer, const VectorCommand& work) const;

private:
    /// Integers of a region: of a tensor that lives in the buffer, or of what was loaded to `address`.
    [[nodiscard]] std::vector<std::int32_t> operand_of(const CurrentLayer& layer, TensorId tensor, const Region& region,
                                                       std::uint64_t address) const;
};

}  // namespace npusim::sim
