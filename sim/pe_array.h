// The array of PEs at transaction level: one command is one tile, timed exactly by the dataflow.
#pragma once

#include "npusim/workloads/lowering/dataflow.h"
#include "scratchpad.h"
#include "tile_arithmetic.h"
#include "unit.h"

namespace npusim::sim {

class PeArray : public Unit {
public:
    PeArray(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens, Scratchpad& weights,
            Scratchpad& activations, std::vector<AccumulatorSlot>& accumulators);

    [[nodiscard]] UnitCycles end_layer() override;

protected:
    void execute(const Command& command) override;

private:
    void count(const ArrayTiming& timing, const ArrayCommand& command);
    void compute(const Command& command, const ArrayCommand& work);
    void unpack_weights(const ArrayCommand& work);

    const DataflowPolicy& dataflow_;
    Scratchpad& weights_;
    Scratchpad& activations_;
    std::vector<AccumulatorSlot>& accumulators_;
    ArrayOperands operands_;
    std::uint64_t working_cycles_ = 0;
};

}  // namespace npusim::sim
