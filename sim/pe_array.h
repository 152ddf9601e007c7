// The array of PEs at transaction level: one command is one tile, timed exactly by the dataflow.
#pragma once

#include "npusim/sim/simulate.h"
#include "npusim/workloads/lowering/dataflow.h"
#include "register/register_array.h"
#include "scratchpad.h"
#include "tile_arithmetic.h"
#include "unit.h"

namespace npusim::sim {

class PeArray : public Unit {
public:
    PeArray(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens, Scratchpad& weights,
            Scratchpad& activations, std::vector<AccumulatorSlot>& accumulators, Detail detail);

    [[nodiscard]] UnitCycles end_layer() override;

protected:
    void execute(const Command& command) override;

private:
    [[nodiscard]] const ArrayTiming& timing_of(const ArrayWork& work);
    void count(const ArrayTiming& timing, const ArrayCommand& command);
    void run_registers(const Command& command, const ArrayCommand& work);
    void unpack_operands(const Command& command, const ArrayCommand& work);
    void hand_over(const Command& command, const ArrayCommand& work, AccumulatorSlot& slot, TileCounts counts);
    void unpack_weights(const ArrayCommand& work);

    const DataflowPolicy& dataflow_;
    std::unique_ptr<RegisterArray> registers_;  ///< null at transaction level
    Scratchpad& weights_;
    Scratchpad& activations_;
    std::vector<AccumulatorSlot>& accumulators_;
    ArrayOperands operands_;
    std::vector<std::pair<ArrayWork, ArrayTiming>> timings_;  ///< of the layer's commands, each kind once
    std::uint64_t working_cycles_ = 0;
};

}  // namespace npusim::sim
