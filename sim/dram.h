// The chip's DRAM behind a TLM-2.0 target socket.
#pragma once

#include <cstddef>
#include <vector>

#include "memory.h"
#include "npusim/sim/dram_schedule.h"

namespace npusim::sim {

/// Accesses are served in the order of the calls; the latency of an access passes while earlier data moves.
class Dram final : public Memory {
public:
    Dram(const sc_core::sc_module_name& name, const ArchSpec& arch);

    void allocate(std::uint64_t bytes) override { storage_.resize(bytes); }
    /// Rows closed and the bus free from now on.
    void begin_layer() override;
    void count(DramCounters& counters) const override;

protected:
    void access(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) override;
    unsigned int debug_access(tlm::tlm_generic_payload& payload) override;

private:
    [[nodiscard]] bool copy(tlm::tlm_generic_payload& payload);

    DramSchedule schedule_;
    std::uint64_t layer_began_cycles_ = 0;
    std::vector<std::byte> storage_;
};

}  // namespace npusim::sim
