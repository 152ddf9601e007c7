#include "output_array.h"
#include "stationary_array.h"

namespace npusim::sim {

std::unique_ptr<RegisterArray> make_register_array(const char* name, const ArchSpec& arch) {
    if (arch.array.dataflow == Dataflow::output_stationary) return std::make_unique<OutputArray>(name, arch);
    return std::make_unique<StationaryArray>(name, arch);
}

}  // namespace npusim::sim
