#include "stationary_pe.h"

namespace npusim::sim {

StationaryPe::StationaryPe(const sc_core::sc_module_name& name, int row) : sc_module(name), row_(row) {
    SC_HAS_PROCESS(StationaryPe);
    SC_METHOD(tick);
    sensitive << clock.pos();
    dont_initialize();
}

void StationaryPe::tick() {
    const OperandFlit& operand = operand_in.read();
    const LoadFlit& load = load_in.read();
    if (operand.swap) in_use_ = waiting_;
    if (load.valid && load.row == row_) {
        waiting_ = load;
        loads += load.used ? 1 : 0;
    }
    SumFlit sum;
    if (operand.valid) {
        sum.valid = true;
        sum.value = sum_in.read().value + std::int64_t{in_use_.value} * operand.value;
        operations += in_use_.used ? 1 : 0;
    }
    operand_out.write(operand);
    sum_out.write(sum);
}

}  // namespace npusim::sim
