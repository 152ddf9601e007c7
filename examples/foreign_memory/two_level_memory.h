// A small memory model: a fast SRAM in front of the first addresses, slow memory behind. One access at a time.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <algorithm>
#include <cstring>
#include <systemc>
#include <tlm>
#include <vector>

/// Knows nothing of npusim: a TLM-2.0 target with b_transport and transport_dbg.
class TwoLevelMemory : public sc_core::sc_module {
public:
    struct Level {
        sc_core::sc_time first;  ///< from the beginning of an access to its first word
        sc_core::sc_time word;   ///< each word of 8 bytes
    };

    TwoLevelMemory(const sc_core::sc_module_name& name, std::size_t bytes, std::size_t fast_bytes, const Level& fast,
                   const Level& slow)
        : sc_module(name), storage_(bytes), fast_bytes_(fast_bytes), fast_(fast), slow_(slow) {
        socket.register_b_transport(this, &TwoLevelMemory::b_transport);
        socket.register_transport_dbg(this, &TwoLevelMemory::transport_dbg);
    }

    tlm_utils::simple_target_socket<TwoLevelMemory> socket{"socket"};

private:
    void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
        constexpr std::size_t word_bytes = 8;
        if (transport_dbg(payload) == 0) {
            payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
            return;
        }
        const std::size_t words = (payload.get_data_length() + word_bytes - 1) / word_bytes;
        const Level& level = payload.get_address() + payload.get_data_length() <= fast_bytes_ ? fast_ : slow_;
        const sc_core::sc_time asked = sc_core::sc_time_stamp() + delay;
        free_at_ = std::max(free_at_, asked) + level.first + level.word * static_cast<double>(words);
        delay += free_at_ - asked;
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }

    unsigned int transport_dbg(tlm::tlm_generic_payload& payload) {
        const unsigned int length = payload.get_data_length();
        if (payload.get_address() + length > storage_.size()) return 0;
        unsigned char* place = storage_.data() + payload.get_address();
        if (payload.is_read()) {
            std::memcpy(payload.get_data_ptr(), place, length);
        } else {
            std::memcpy(place, payload.get_data_ptr(), length);
        }
        return length;
    }

    std::vector<unsigned char> storage_;
    std::size_t fast_bytes_;
    Level fast_, slow_;
    sc_core::sc_time free_at_;
};
