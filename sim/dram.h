// DRAM behind a TLM-2.0 target socket: peak bandwidth, whole bursts, a latency.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>

#include <cstddef>
#include <systemc>
#include <tlm>
#include <vector>

#include "npusim/arch/arch_spec.h"

namespace npusim::sim {

/// A loosely timed memory: b_transport returns in `delay` when the access will be complete. Accesses are served in
/// the order of the calls; the data bus carries one burst after another, and the latency of an access passes while
/// earlier data moves.
class Dram : public sc_core::sc_module {
public:
    Dram(const sc_core::sc_module_name& name, const ArchSpec& arch);

    tlm_utils::multi_passthrough_target_socket<Dram> socket{"socket"};

    /// Gives the memory its storage; without, accesses take their time and move no data.
    void allocate(std::uint64_t bytes) { storage_.resize(bytes); }
    /// The bus is free from now on.
    void begin_layer();
    /// Bytes in whole bursts since begin_layer.
    [[nodiscard]] std::uint64_t burst_bytes_moved() const { return burst_bytes_moved_; }

private:
    void b_transport(int initiator, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned int transport_dbg(int initiator, tlm::tlm_generic_payload& payload);
    [[nodiscard]] bool copy(tlm::tlm_generic_payload& payload);

    const DramSpec& spec_;
    std::uint64_t clock_mhz_;
    std::uint64_t latency_cycles_;
    /// In units of 1 / bandwidth_mb_s cycles, in which a byte takes exactly clock_mhz units.
    std::uint64_t bus_free_at_ = 0;
    std::uint64_t burst_bytes_moved_ = 0;
    std::vector<std::byte> storage_;
};

}  // namespace npusim::sim
