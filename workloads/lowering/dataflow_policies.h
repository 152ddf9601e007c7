// The dataflows, one class each; the table of them is in dataflow_table.cpp.
#pragma once

#include "npusim/workloads/lowering/dataflow.h"

namespace npusim {

class WeightStationary final : public DataflowPolicy {
public:
    [[nodiscard]] ArrayTiming time(const ArchSpec& arch, const ArrayWork& work) const override;
    [[nodiscard]] std::int64_t estimate_cycles(const ArraySpec& array, const ArrayWork& work) const override;
};

class OutputStationary final : public DataflowPolicy {
public:
    [[nodiscard]] ArrayTiming time(const ArchSpec& arch, const ArrayWork& work) const override;
    [[nodiscard]] std::int64_t estimate_cycles(const ArraySpec& array, const ArrayWork& work) const override;
};

class InputStationary final : public DataflowPolicy {
public:
    [[nodiscard]] ArrayTiming time(const ArchSpec& arch, const ArrayWork& work) const override;
    [[nodiscard]] std::int64_t estimate_cycles(const ArraySpec& array, const ArrayWork& work) const override;
    [[nodiscard]] bool sums_lie_by_channel() const override { return true; }
};

}  // namespace npusim
