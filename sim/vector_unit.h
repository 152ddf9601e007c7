// The vector unit: requantization, residual add, ReLU, pooling and per-channel arithmetic, in lanes.
#pragma once

#include "npusim/workloads/lowering/dataflow.h"
#include "scratchpad.h"
#include "tile_arithmetic.h"
#include "unit.h"

namespace npusim::sim {

class VectorUnit : public Unit {
public:
    VectorUnit(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens, Scratchpad& weights,
               Scratchpad& activations, std::vector<AccumulatorSlot>& accumulators);

protected:
    void execute(const Command& command) override;

private:
    /// Cycles that it stands still because others have the activation buffer's ports.
    [[nodiscard]] std::uint64_t wait_behind_others(const VectorCommand& work, const VectorTiming& timing);
    void compute(const VectorCommand& work);
    /// Integers of a region: of a tensor that lives in the buffer, or of what was loaded to `address`.
    [[nodiscard]] std::vector<std::int32_t> operand_of(TensorId tensor, const Region& region, std::uint64_t address);

    Scratchpad& weights_;
    Scratchpad& activations_;
    std::vector<AccumulatorSlot>& accumulators_;
};

}  // namespace npusim::sim
