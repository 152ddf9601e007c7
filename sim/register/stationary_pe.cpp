#include "stationary_pe.h"

#include <algorithm>
#include <utility>

#include "port.h"

namespace npusim::sim {

StationaryPe::StationaryPe(const sc_core::sc_module_name& name, int row, bool holds_inputs)
    : sc_module(name), row_(row), holds_inputs_(holds_inputs) {
    SC_HAS_PROCESS(StationaryPe);
    SC_METHOD(tick);
    sensitive << clock.pos();
    dont_initialize();
}

/// Of all lanes, in this cycle. Activations that stay give one bit of theirs; those that stream come as bits.
std::int64_t StationaryPe::products(const OperandFlit& operand) const {
    std::int64_t sum = 0;
    const std::size_t lanes = std::min(in_use_.size(), operand.values.size());
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        const std::int32_t held = holds_inputs_ ? bit_of(in_use_[lane], operand.bit, operand.bits) : in_use_[lane];
        sum += std::int64_t{held} * operand.values[lane];
    }
    return sum;
}

void StationaryPe::tick() {
    const OperandFlit& operand = operand_in.read();
    const LoadFlit& load = load_in.read();
    if (operand.swap) in_use_ = waiting_;
    if (load.valid && load.row == row_) {
        waiting_ = load.values;
        loads += load.values.size();
    }
    SumFlit sum;
    if (operand.valid) {
        own_sum_ += products(operand) * (std::int64_t{1} << operand.bit);
        steps += in_use_.size() > 0 ? 1 : 0;
        if (operand.ends_step()) {
            operations += in_use_.size();
            sum.valid = true;
            sum.value = sum_in.read().value + std::exchange(own_sum_, 0);
        }
    }
    operand_out.write(operand);
    sum_out.write(sum);
}

}  // namespace npusim::sim
