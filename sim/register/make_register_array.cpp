#include "output_array.h"
#include "stationary_array.h"

namespace npusim::sim {

void RegisterArray::clock_once() {
    clock_.write(true);
    sc_core::wait(sc_core::SC_ZERO_TIME);
    clock_.write(false);
    sc_core::wait(sc_core::SC_ZERO_TIME);
    ++clock_cycles_;
}

std::unique_ptr<RegisterArray> make_register_array(const char* name, const ArchSpec& arch, Dataflow dataflow) {
    if (dataflow == Dataflow::output_stationary) return std::make_unique<OutputArray>(name, arch);
    return std::make_unique<StationaryArray>(name, arch, dataflow == Dataflow::input_stationary);
}

}  // namespace npusim::sim
