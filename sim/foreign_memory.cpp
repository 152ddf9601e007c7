#include "foreign_memory.h"

#include "cycles.h"
#include "npusim/base/integer_math.h"

namespace npusim::sim {
namespace {

std::uint64_t whole_cycles(const sc_core::sc_time& time) {
    return ceil_div<std::uint64_t>(time.value(), sc_core::sc_time(1, sc_core::SC_NS).value());
}

}  // namespace

ForeignMemory::ForeignMemory(const sc_core::sc_module_name& name, const ArchSpec& arch, MemorySocket& target)
    : Memory(name, arch) {
    outside_.bind(target);
}

void ForeignMemory::access(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const sc_core::sc_time::value_type asked = sc_core::sc_time_stamp().value();
    const std::uint64_t asked_cycles = now_cycles();
    sc_core::sc_time answer = sc_core::SC_ZERO_TIME;
    outside_->b_transport(payload, answer);
    const sc_core::sc_time passed = sc_core::sc_time::from_value(sc_core::sc_time_stamp().value() - asked);
    const std::uint64_t done_cycles = asked_cycles + whole_cycles(passed + answer);
    // The machine's units act at the edges of cycles.
    if (passed > sc_core::SC_ZERO_TIME) {
        const std::uint64_t edge_cycles = asked_cycles + whole_cycles(passed);
        const sc_core::sc_time edge = cycles_to_time(edge_cycles);
        if (edge > sc_core::sc_time_stamp()) sc_core::wait(edge - sc_core::sc_time_stamp());
    }
    delay += cycles_to_time(done_cycles - now_cycles());
}

unsigned int ForeignMemory::debug_access(tlm::tlm_generic_payload& payload) {
    return outside_->transport_dbg(payload);
}

}  // namespace npusim::sim
