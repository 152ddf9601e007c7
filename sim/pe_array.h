// The array of PEs at transaction level: one command is one tile, timed exactly by the dataflow.
#pragma once

#include "array_data.h"
#include "unit.h"

namespace npusim::sim {

class PeArray : public Unit {
public:
    PeArray(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens, Scratchpad& activations,
            ArrayData& data);

    void begin_layer(CurrentLayer& layer) override;
    [[nodiscard]] UnitCycles end_layer() override;

protected:
    void execute(const Command& command) override;

private:
    [[nodiscard]] const ArrayTiming& timing_of(const ArrayWork& work);
    /// Cycles that it stands still because others have the activation buffer's ports.
    [[nodiscard]] std::uint64_t wait_behind_others(const ArrayCommand& command);
    [[nodiscard]] std::uint64_t pes() const;

    Scratchpad& activations_;
    ArrayData& data_;
    std::vector<std::pair<ArrayWork, ArrayTiming>> timings_;  ///< of the layer's commands, each kind once
    std::uint64_t working_cycles_ = 0;
};

}  // namespace npusim::sim
