// One command on the array at register level, PE by PE: the ground truth of what the dataflows compute at once.
#pragma once

#include <cstdint>
#include <vector>

#include "npusim/workloads/lowering/dataflow.h"

namespace npusim {

/// The operands of a command, group by group.
struct ArrayMatrices {
    std::vector<std::int32_t> inputs;   ///< [group][pixel][k]
    std::vector<std::int32_t> weights;  ///< [group][output channel][k]
};

struct ArrayRun {
    ArrayTiming timing;              ///< every cycle under what the array did in it
    std::uint64_t clock_cycles = 0;  ///< from the first edge to the one by which the last sum has left
    std::vector<std::int64_t> sums;  ///< [group][pixel][output channel], not wrapped
};

/// Clocks every PE of arch.array until the last sum has left. Once in a process (SystemC); throws std::logic_error on a
/// second call.
[[nodiscard]] ArrayRun run_register_array(const ArchSpec& arch, const ArrayWork& work, const ArrayMatrices& matrices);

}  // namespace npusim
