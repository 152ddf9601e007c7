// The vector unit: requantization, residual add, ReLU, pooling and per-channel arithmetic, in lanes.
#pragma once

#include "npusim/workloads/lowering/dataflow.h"
#include "unit.h"
#include "vector_data.h"

namespace npusim::sim {

class VectorUnit : public Unit {
public:
    VectorUnit(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens, Scratchpad& activations,
               VectorData data);

protected:
    void execute(const Command& command) override;

private:
    /// Cycles that it stands still because others have the activation buffer's ports.
    [[nodiscard]] std::uint64_t wait_behind_others(const VectorCommand& work, const VectorTiming& timing);

    Scratchpad& activations_;
    VectorData data_;
};

}  // namespace npusim::sim
