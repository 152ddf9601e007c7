// What travels between neighbouring PEs of the register-level array, a register a cycle.
#pragma once

#include <cstdint>
#include <ostream>
#include <systemc>

#include "lane_values.h"

namespace npusim::sim {

/// An operand for each lane, that streams through PEs; or one bit of each, where activations enter bit by bit.
struct OperandFlit {
    bool valid = false;  ///< carries operands
    bool swap = false;   ///< stationary arrays: the operands that wait become those in use, from this PE on
    bool last = false;   ///< output stationary arrays: the sum is finished with it
    int bit = 0;         ///< of the activations
    int bits = 1;        ///< that enter one after another; 1: they enter whole
    LaneValues values;
    int shift = 0;  ///< of the products, which are those of slices
    [[nodiscard]] bool ends_step() const { return bit + 1 == bits; }
    friend bool operator==(const OperandFlit&, const OperandFlit&) = default;
};

/// A partial sum on its way down a column.
struct SumFlit {
    bool valid = false;
    std::int64_t value = 0;
    friend bool operator==(const SumFlit&, const SumFlit&) = default;
};

/// Operands that stay, on their column's bus: the PE of that row takes them. None where the fold does not reach it.
struct LoadFlit {
    bool valid = false;
    int row = 0;
    LaneValues values;
    friend bool operator==(const LoadFlit&, const LoadFlit&) = default;
};

inline std::ostream& operator<<(std::ostream& out, const LaneValues& values) {
    for (std::size_t lane = 0; lane < values.size(); ++lane) out << (lane > 0 ? " " : "") << values[lane];
    return out;
}
inline std::ostream& operator<<(std::ostream& out, const OperandFlit& flit) {
    return out << flit.values;
}
inline std::ostream& operator<<(std::ostream& out, const SumFlit& flit) {
    return out << flit.value;
}
inline std::ostream& operator<<(std::ostream& out, const LoadFlit& flit) {
    return out << flit.values;
}
inline void sc_trace(sc_core::sc_trace_file* file, const OperandFlit& flit, const std::string& name) {
    sc_core::sc_trace(file, flit.valid, name);
}
inline void sc_trace(sc_core::sc_trace_file* file, const SumFlit& flit, const std::string& name) {
    sc_core::sc_trace(file, flit.value, name);
}
inline void sc_trace(sc_core::sc_trace_file* file, const LoadFlit& flit, const std::string& name) {
    sc_core::sc_trace(file, flit.valid, name);
}

}  // namespace npusim::sim
