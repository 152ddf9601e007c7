#include "dram.h"

#include <cstring>

#include "cycles.h"

namespace npusim::sim {

Dram::Dram(const sc_core::sc_module_name& name, const ArchSpec& arch)
    : Memory(name, arch), schedule_(arch.dram, arch.clock_mhz) {}

void Dram::begin_layer() {
    Memory::begin_layer();
    schedule_.begin_layer();
    layer_began_cycles_ = now_cycles();
}

void Dram::count(DramCounters& counters) const {
    Memory::count(counters);
    counters += schedule_.counters();
}

bool Dram::copy(tlm::tlm_generic_payload& payload) {
    if (storage_.empty()) return true;
    if (payload.get_address() + payload.get_data_length() > storage_.size()) return false;
    std::byte* place = storage_.data() + payload.get_address();
    if (payload.is_read()) {
        std::memcpy(payload.get_data_ptr(), place, payload.get_data_length());
    } else {
        std::memcpy(place, payload.get_data_ptr(), payload.get_data_length());
    }
    return true;
}

void Dram::access(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const std::uint64_t now = now_cycles() - layer_began_cycles_;
    const std::uint64_t done =
        schedule_.access(now, payload.get_address(), payload.get_data_length(), payload.is_write());
    delay += cycles_to_time(done - now);
    payload.set_response_status(copy(payload) ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

unsigned int Dram::debug_access(tlm::tlm_generic_payload& payload) {
    return copy(payload) ? payload.get_data_length() : 0;
}

}  // namespace npusim::sim
