// What the DMA engines read and write: the chip's DRAM, or a memory from outside in its place.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>

#include <cstdint>
#include <systemc>
#include <tlm>

#include "npusim/arch/arch_spec.h"
#include "npusim/arch/counters.h"

namespace npusim::sim {

/// A loosely timed memory: b_transport tells in `delay` when the access will be complete, in whole cycles.
class Memory : public sc_core::sc_module {
public:
    Memory(const sc_core::sc_module_name& name, const ArchSpec& arch)
        : sc_module(name), burst_bytes_(static_cast<std::uint64_t>(arch.dram.burst_bytes)) {
        socket.register_b_transport(this, &Memory::b_transport);
        socket.register_transport_dbg(this, &Memory::transport_dbg);
    }

    tlm_utils::multi_passthrough_target_socket<Memory> socket{"socket"};

    /// Data will move; without, accesses take their time and move nothing.
    virtual void allocate(std::uint64_t bytes) = 0;
    /// Called between accesses.
    virtual void begin_layer() { burst_bytes_moved_ = 0; }
    /// Adds to a layer's bytes what happened since begin_layer.
    virtual void count(DramCounters& counters) const {
        counters.burst_waste_bytes = burst_bytes_moved_ - counters.read_bytes() - counters.output_write_bytes;
    }

protected:
    virtual void access(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) = 0;
    virtual unsigned int debug_access(tlm::tlm_generic_payload& payload) = 0;

private:
    void b_transport(int /*initiator*/, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
        const std::uint64_t first = payload.get_address() / burst_bytes_;
        const std::uint64_t last = (payload.get_address() + payload.get_data_length() - 1) / burst_bytes_;
        burst_bytes_moved_ += (last - first + 1) * burst_bytes_;
        access(payload, delay);
    }
    unsigned int transport_dbg(int /*initiator*/, tlm::tlm_generic_payload& payload) { return debug_access(payload); }

    std::uint64_t burst_bytes_;
    std::uint64_t burst_bytes_moved_ = 0;
};

}  // namespace npusim::sim
