// A processing element whose one operand stays: weight or input stationary.
#pragma once

#include "flits.h"

namespace npusim::sim {

class StationaryPe : public sc_core::sc_module {
public:
    StationaryPe(const sc_core::sc_module_name& name, int row);

    sc_core::sc_in<bool> clock;
    sc_core::sc_in<OperandFlit> operand_in;  ///< from the left
    sc_core::sc_in<LoadFlit> load_in;        ///< the column's bus
    sc_core::sc_in<SumFlit> sum_in;          ///< from above
    sc_core::sc_out<OperandFlit> operand_out;
    sc_core::sc_out<SumFlit> sum_out;

    std::uint64_t operations = 0;  ///< of operands that the fold uses
    std::uint64_t loads = 0;

private:
    void tick();

    int row_;
    LoadFlit waiting_;
    LoadFlit in_use_;
};

}  // namespace npusim::sim
