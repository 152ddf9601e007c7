// A processing element whose one operand stays: weight or input stationary.
#pragma once

#include "flits.h"

namespace npusim::sim {

class StationaryPe : public sc_core::sc_module {
public:
    /// `holds_inputs`: activations stay and weights stream; else the other way round.
    StationaryPe(const sc_core::sc_module_name& name, int row, bool holds_inputs);

    sc_core::sc_in<bool> clock;
    sc_core::sc_in<OperandFlit> operand_in;  ///< from the left
    sc_core::sc_in<LoadFlit> load_in;        ///< the column's bus
    sc_core::sc_in<SumFlit> sum_in;          ///< from above
    sc_core::sc_out<OperandFlit> operand_out;
    sc_core::sc_out<SumFlit> sum_out;

    std::uint64_t operations = 0;  ///< products of operands that the fold uses
    std::uint64_t steps = 0;       ///< cycles with at least one
    std::uint64_t loads = 0;

private:
    void tick();

    [[nodiscard]] std::int64_t products(const OperandFlit& operand) const;

    int row_;
    bool holds_inputs_;
    LaneValues waiting_;
    LaneValues in_use_;
    std::int64_t own_sum_ = 0;  ///< of the bits so far of a step
};

}  // namespace npusim::sim
