#include "output_array.h"
#include "stationary_array.h"

namespace npusim::sim {

std::unique_ptr<RegisterArray> make_register_array(const char* name, const ArchSpec& arch, Dataflow dataflow) {
    if (dataflow == Dataflow::output_stationary) return std::make_unique<OutputArray>(name, arch);
    return std::make_unique<StationaryArray>(name, arch, dataflow == Dataflow::input_stationary);
}

}  // namespace npusim::sim
