// Cycles of the machine in SystemC's time.
#pragma once

#include <cmath>
#include <cstdint>
#include <systemc>

namespace npusim::sim {

/// One cycle is one nanosecond of SystemC time, whatever the clock: cycles become seconds when results are read.
[[nodiscard]] inline std::uint64_t time_to_cycles(const sc_core::sc_time& time) {
    return static_cast<std::uint64_t>(std::llround(time / sc_core::sc_time(1, sc_core::SC_NS)));
}
[[nodiscard]] inline std::uint64_t now_cycles() {
    return time_to_cycles(sc_core::sc_time_stamp());
}
[[nodiscard]] inline sc_core::sc_time cycles_to_time(std::uint64_t cycles) {
    return sc_core::sc_time(static_cast<double>(cycles), sc_core::SC_NS);
}

}  // namespace npusim::sim
