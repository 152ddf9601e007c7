// A processing element whose sum stays: output stationary.
#pragma once

#include "flits.h"

namespace npusim::sim {

class OutputPe : public sc_core::sc_module {
public:
    explicit OutputPe(const sc_core::sc_module_name& name);

    sc_core::sc_in<bool> clock;
    sc_core::sc_in<OperandFlit> activation_in;  ///< from the left
    sc_core::sc_in<OperandFlit> weight_in;      ///< from above
    sc_core::sc_out<OperandFlit> activation_out;
    sc_core::sc_out<OperandFlit> weight_out;

    /// The finished sum, which the column's bus takes.
    bool is_finished = false;
    std::int64_t finished_sum = 0;

    std::uint64_t operations = 0;  ///< products
    std::uint64_t steps = 0;       ///< cycles with at least one

private:
    void tick();

    std::int64_t sum_ = 0;
};

}  // namespace npusim::sim
