#include "dram.h"

#include <algorithm>
#include <cstring>

#include "npusim/base/integer_math.h"
#include "unit.h"

namespace npusim::sim {

Dram::Dram(const sc_core::sc_module_name& name, const ArchSpec& arch)
    : sc_module(name),
      spec_(arch.dram),
      clock_mhz_(static_cast<std::uint64_t>(arch.clock_mhz)),
      latency_cycles_(static_cast<std::uint64_t>(ceil_div(arch.dram.latency_ns * arch.clock_mhz, 1000))) {
    socket.register_b_transport(this, &Dram::b_transport);
    socket.register_transport_dbg(this, &Dram::transport_dbg);
}

void Dram::begin_layer() {
    bus_free_at_ = now_cycles() * static_cast<std::uint64_t>(spec_.bandwidth_mb_s);
    burst_bytes_moved_ = 0;
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

void Dram::b_transport(int /*initiator*/, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const auto burst = static_cast<std::uint64_t>(spec_.burst_bytes);
    const std::uint64_t first = payload.get_address() / burst;
    const std::uint64_t last = (payload.get_address() + payload.get_data_length() - 1) / burst;
    const std::uint64_t moved = (last - first + 1) * burst;
    burst_bytes_moved_ += moved;
    if (!spec_.ideal) {
        const auto rate = static_cast<std::uint64_t>(spec_.bandwidth_mb_s);
        const std::uint64_t now = now_cycles();
        bus_free_at_ = std::max(bus_free_at_, now * rate) + moved * clock_mhz_;
        delay += cycles_to_time(ceil_div(bus_free_at_, rate) + latency_cycles_ - now);
    }
    payload.set_response_status(copy(payload) ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

unsigned int Dram::transport_dbg(int /*initiator*/, tlm::tlm_generic_payload& payload) {
    return copy(payload) ? payload.get_data_length() : 0;
}

}  // namespace npusim::sim
