// One queue of the DMA: moves tiles between DRAM and SRAM, with a few transfers outstanding.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include "scratchpad.h"
#include "unit.h"

namespace npusim::sim {

/// The load queue and the store queue are two of these. A transfer's accesses are issued together; its tokens are
/// given when its last access is complete. Busy cycles are those that its bytes need at peak bandwidth; the rest of
/// the time with a transfer outstanding is waiting for DRAM (latency, bursts, the other queue).
class DmaEngine : public Unit {
public:
    DmaEngine(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens, Scratchpad& weights,
              Scratchpad& activations);

    tlm_utils::simple_initiator_socket<DmaEngine> socket{"socket"};

    void begin_layer(CurrentLayer& layer) override;
    [[nodiscard]] UnitCycles end_layer() override;

    /// Of the layer that has ended, where spans are kept.
    [[nodiscard]] std::vector<DramTransfer> take_transfers() { return std::exchange(transfers_, {}); }

protected:
    void run() override;
    void execute(const Command& command) override;
    void account_idle(IdleCause cause) override;
    void show_waiting(IdleCause cause) override;

private:
    struct Transfer {
        const Command* command;
        std::uint64_t done_at_cycles;
    };

    void complete_transfers();
    /// The same with what its accesses to the activation buffer wait for others: until its last byte is through.
    [[nodiscard]] DramTransfer behind_others(DramTransfer transfer) const;
    std::uint64_t load(const LoadCommand& load);
    std::uint64_t store(const StoreCommand& store);
    /// Moves a region chunk by chunk; returns the latest completion.
    std::uint64_t move_region(tlm::tlm_command direction, TensorId tensor, const Region& region,
                              std::uint64_t sram_address);
    std::uint64_t access(tlm::tlm_command direction, std::uint64_t address, std::int64_t bytes, Scratchpad& buffer,
                         std::uint64_t sram_address);

    Scratchpad& weights_;
    Scratchpad& activations_;
    std::deque<Transfer> outstanding_;
    sc_core::sc_event issued_;
    sc_core::sc_event completed_event_;
    std::uint64_t outstanding_until_ = 0;
    std::uint64_t outstanding_cycles_ = 0;
    std::uint64_t moved_bytes_ = 0;
    IdleCause waits_for_ = IdleCause::nothing;
    std::uint64_t layer_began_cycles_ = 0;
    std::vector<DramTransfer> transfers_;
    std::vector<std::byte> dummy_;  ///< what accesses point at when no data moves
};

}  // namespace npusim::sim
