// The array of PEs at transaction level: one command is one tile, timed exactly by the dataflow.
#pragma once

#include <map>

#include "npusim/arch/pe_registers.h"
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
            Scratchpad& activations, std::vector<AccumulatorSlot>& accumulators, Detail detail, const Program& program);

    void begin_layer(CurrentLayer& layer) override;
    [[nodiscard]] UnitCycles end_layer() override;

protected:
    void execute(const Command& command) override;

private:
    [[nodiscard]] const ArrayTiming& timing_of(const ArrayWork& work);
    /// Cycles that it stands still because others have the activation buffer's ports.
    [[nodiscard]] std::uint64_t wait_behind_others(const ArrayCommand& command);
    void count(const ArrayTiming& timing, const ArrayCommand& command);
    void run_registers(const Command& command, const ArrayCommand& work);
    void unpack_operands(const Command& command, const ArrayCommand& work);
    void hand_over(const Command& command, const ArrayCommand& work, AccumulatorSlot& slot, TileCounts counts);
    void unpack_weights(const ArrayCommand& work);

    [[nodiscard]] std::uint64_t pes() const;
    [[nodiscard]] std::uint64_t moving_bits() const;

    std::map<Dataflow, std::unique_ptr<RegisterArray>> registers_;  ///< of the program; empty at transaction level
    Dataflow dataflow_ = Dataflow::weight_stationary;               ///< of the layer
    LaneRegisters lane_registers_;
    Scratchpad& weights_;
    Scratchpad& activations_;
    std::vector<AccumulatorSlot>& accumulators_;
    ArrayOperands operands_;
    std::vector<std::pair<ArrayWork, ArrayTiming>> timings_;  ///< of the layer's commands, each kind once
    std::uint64_t working_cycles_ = 0;
    std::optional<std::uint64_t> weights_from_;  ///< where the operands' weights stay
    std::optional<Region> inputs_from_;          ///< which region of a resident tensor they are
};

}  // namespace npusim::sim
