// The dataflows, one class each; the table of them is in dataflow_table.cpp.
#pragma once

#include "npusim/workloads/lowering/dataflow.h"

namespace npusim {

class WeightStationary final : public DataflowPolicy {
public:
    [[nodiscard]] ArrayTiming time(const ArchSpec& arch, const ArrayWork& work) const override;
};

}  // namespace npusim
