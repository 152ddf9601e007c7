// A memory of your own, or of another project, in the place of the chip's DRAM: any TLM-2.0 target with b_transport.
// The only public header that shows SystemC.
#pragma once

#include <cstdint>
#include <functional>
#include <systemc>
#include <tlm>

#include "npusim/sim/simulate.h"

namespace npusim {

/// What a memory may have to know of the machine that it is bound to.
struct MemoryNeeds {
    std::uint64_t bytes = 0;  ///< addresses lie below; all may be read and written
    int clock_mhz = 0;        ///< the chip's
};

using MemorySocket = tlm::tlm_base_target_socket<>;

/// Makes a memory's modules and gives the socket to bind. Called once, while the machine is elaborated; the modules
/// must live until simulate_with_memory has returned.
using MemoryMaker = std::function<MemorySocket&(const MemoryNeeds& needs)>;

/// The machine's SystemC time for nanoseconds of the real world: in the machine, a cycle of the chip is one nanosecond,
/// whatever its clock.
[[nodiscard]] inline sc_core::sc_time machine_time(double ns, int clock_mhz) {
    constexpr double mhz_per_cycle_a_ns = 1000;
    return {ns * clock_mhz / mhz_per_cycle_a_ns, sc_core::SC_NS};
}

/// Simulates with that memory.
///
/// - Each access is one generic payload, read or write, without byte enables, at most a tile long; its bytes lie side
///   by side. b_transport gets it a fraction of a cycle after the cycle in which it is asked for, with no delay, and
///   tells when it is complete: by the delay that it leaves, by waiting, or by both; npusim rounds up to whole cycles.
///   Loads and stores are processes of their own: while one waits in b_transport, the other one may call it.
/// - transport_dbg must read and write what b_transport does where the run has images. Without images the bytes mean
///   nothing. DMI is not used.
/// - The chip's `dram` counts whole bursts and gives the bandwidth at which a DMA counts as busy; its latency, its
///   channels, timing and `ideal` are not used, and no rows are counted.
///
/// At transaction level only: at register level the machine clocks the chip's own DRAM.
///
/// Throws as simulate() does, and std::logic_error at register level or when the memory answers with an error.
[[nodiscard]] RunResult simulate_with_memory(const SimulationInput& input, const MemoryMaker& make_memory);

}  // namespace npusim
