// What weight and input stationary arrays have in common: one operand stays in the PEs, the other streams through.
#pragma once

#include "npusim/workloads/lowering/dataflow.h"

namespace npusim {

/// Accesses of a port `width_bits` wide that move `bits`.
[[nodiscard]] std::int64_t port_accesses(std::int64_t bits, int width_bits);
/// Cycles for so many accesses: one a cycle for each port of each bank of the array's side, at least one cycle.
[[nodiscard]] std::int64_t port_cycles(std::int64_t accesses, const BufferSpec& buffer, bool double_buffering);

/// An operand and the port that it comes through.
struct FoldOperand {
    int slice_bits = 0;
    const BufferSpec* buffer = nullptr;
    bool by_bits = false;  ///< enters a bit a cycle, where the work's steps have several cycles
};

/// Cycles of a step of `step_cycles` whose operand takes `port_cycles` to come in: bits enter as they come, while a
/// whole operand must be there before the first cycle.
[[nodiscard]] std::int64_t entry_cycles(const FoldOperand& operand, std::int64_t port_cycles, int step_cycles);

/// K lies on the rows, as many elements on each as a PE has lanes. The columns hold `on_columns` vectors of the staying
/// operand, `streamed` vectors of the other one pass.
struct StationaryWork {
    std::int64_t on_columns = 0;
    std::int64_t streamed = 0;
    FoldOperand staying;
    FoldOperand streaming;
};

/// A fold takes R cycles to load what stays, a vector enters each cycle, the last partial sum leaves R−1 + C−1 cycles
/// after the last one entered: 2R + C + streamed − 2 alone (as SCALE-Sim counts it). Every row's load has the time of
/// the first one's. With overlapped loading the next
/// fold's operand moves into shadow registers meanwhile, and its vectors follow without a gap. Reads of what stays are
/// counted as weight reads, those of what streams as activation reads, as in a weight-stationary array.
[[nodiscard]] ArrayTiming time_stationary(const ArchSpec& arch, const ArrayWork& work, const StationaryWork& lie);

}  // namespace npusim
