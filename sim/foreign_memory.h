// A memory from outside, bound in the place of the chip's DRAM.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include "memory.h"
#include "npusim/systemc/memory.h"

namespace npusim::sim {

/// Passes accesses on, and rounds the answers' times up to whole cycles.
class ForeignMemory final : public Memory {
public:
    ForeignMemory(const sc_core::sc_module_name& name, const ArchSpec& arch, MemorySocket& target);

    void allocate(std::uint64_t /*bytes*/) override {}

protected:
    void access(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) override;
    unsigned int debug_access(tlm::tlm_generic_payload& payload) override;

private:
    tlm_utils::simple_initiator_socket<ForeignMemory> outside_{"outside"};
};

}  // namespace npusim::sim
