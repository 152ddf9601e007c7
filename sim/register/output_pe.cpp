#include "output_pe.h"

#include <stdexcept>
#include <utility>

namespace npusim::sim {

OutputPe::OutputPe(const sc_core::sc_module_name& name) : sc_module(name) {
    SC_HAS_PROCESS(OutputPe);
    SC_METHOD(tick);
    sensitive << clock.pos();
    dont_initialize();
}

void OutputPe::tick() {
    const OperandFlit& activation = activation_in.read();
    const OperandFlit& weight = weight_in.read();
    if (activation.valid && weight.valid) {
        std::int64_t products = 0;
        for (std::size_t lane = 0; lane < activation.values.size(); ++lane) {
            products += std::int64_t{activation.values[lane]} * weight.values[lane];
        }
        sum_ += products * (std::int64_t{1} << (activation.shift + activation.bit));
        ++steps;
        if (activation.ends_step()) operations += activation.values.size();
    }
    if (activation.last) {
        if (is_finished) throw std::logic_error("a PE's finished sum is overwritten before its bus has taken it");
        is_finished = true;
        finished_sum = std::exchange(sum_, 0);
    }
    activation_out.write(activation);
    weight_out.write(weight);
}

}  // namespace npusim::sim
