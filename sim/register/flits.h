// What travels between neighbouring PEs of the register-level array, a register a cycle.
#pragma once

#include <cstdint>
#include <ostream>
#include <systemc>

namespace npusim::sim {

/// An operand that streams through PEs.
struct OperandFlit {
    bool valid = false;  ///< carries an operand
    bool swap = false;   ///< stationary arrays: the operand that waits becomes the one in use, from this PE on
    bool last = false;   ///< output stationary arrays: the sum is finished with it
    std::int32_t value = 0;
    int shift = 0;  ///< of the products, which are those of slices
    friend bool operator==(const OperandFlit&, const OperandFlit&) = default;
};

/// A partial sum on its way down a column.
struct SumFlit {
    bool valid = false;
    std::int64_t value = 0;
    friend bool operator==(const SumFlit&, const SumFlit&) = default;
};

/// An operand that stays, on its column's bus: the PE of that row takes it.
struct LoadFlit {
    bool valid = false;
    bool used = false;  ///< false: the fold does not reach this PE
    int row = 0;
    std::int32_t value = 0;
    friend bool operator==(const LoadFlit&, const LoadFlit&) = default;
};

inline std::ostream& operator<<(std::ostream& out, const OperandFlit& flit) {
    return out << flit.value;
}
inline std::ostream& operator<<(std::ostream& out, const SumFlit& flit) {
    return out << flit.value;
}
inline std::ostream& operator<<(std::ostream& out, const LoadFlit& flit) {
    return out << flit.value;
}
inline void sc_trace(sc_core::sc_trace_file* file, const OperandFlit& flit, const std::string& name) {
    sc_core::sc_trace(file, flit.value, name);
}
inline void sc_trace(sc_core::sc_trace_file* file, const SumFlit& flit, const std::string& name) {
    sc_core::sc_trace(file, flit.value, name);
}
inline void sc_trace(sc_core::sc_trace_file* file, const LoadFlit& flit, const std::string& name) {
    sc_core::sc_trace(file, flit.value, name);
}

}  // namespace npusim::sim
