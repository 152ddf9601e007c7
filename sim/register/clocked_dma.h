// A queue of the DMA in the clocked machine. Its transfers ask DRAM burst by burst, and in every cycle it either has
// one under way or enters why not.
#pragma once

#include <functional>
#include <memory>

#include "../scratchpad.h"
#include "clocked_unit.h"
#include "npusim/sim/burst_dram.h"

namespace npusim::sim {

/// Moves bytes between an address of DRAM and a place; no time passes.
using CopyBytes = std::function<void(bool is_write, std::uint64_t address, std::span<std::byte> place)>;

class ClockedDma : public ClockedUnit {
public:
    /// What the two queues share.
    struct Parts {
        BurstDram& dram;
        Scratchpad& weights;
        Scratchpad& activations;
        PortArbiter* ports;  ///< null where nobody waits for ports
        CopyBytes copy;
    };
    ClockedDma(MachineUnit unit, const ArchSpec& arch, TokenCounts& tokens, const Parts& parts)
        : ClockedUnit(unit, arch, tokens), parts_(parts) {}

    void begin_layer(CurrentLayer& layer, std::uint64_t now_cycles) override;
    [[nodiscard]] UnitCycles end_layer() override;
    void finish(std::uint64_t now_cycles) override;
    [[nodiscard]] bool act(std::uint64_t now_cycles) override;
    void cycle(std::uint64_t now_cycles) override;
    [[nodiscard]] bool is_moving() const override { return oldest_ < transfers_.size(); }

    /// Of the layer that has ended.
    [[nodiscard]] std::vector<DramTransfer> take_transfers();

private:
    struct Transfer {
        DramTransfer what;                ///< its done_cycles and conflicts are final once it has been finished
        std::uint64_t window_cycles = 0;  ///< in which its bytes move
        std::shared_ptr<const PortRequest> request;
        std::uint64_t oldest_from_cycles = 0;
        std::uint64_t oldest_cycles = 0;  ///< in which no older one was under way
        std::uint64_t busy_cycles = 0;    ///< of these
    };

    void issue(const Command& command, std::uint64_t now_cycles);
    void load(const LoadCommand& load, DramTransfer& transfer);
    void store(const StoreCommand& store, DramTransfer& transfer);
    void move_region(TensorId tensor, const Region& region, std::uint64_t sram_address, DramTransfer& transfer);
    void move(std::uint64_t address, std::int64_t bytes, Scratchpad& buffer, std::uint64_t sram_address,
              DramTransfer& transfer);
    void ask_ports(Transfer& transfer);
    [[nodiscard]] bool is_over(Transfer& transfer, std::uint64_t now_cycles);
    /// At full bandwidth.
    [[nodiscard]] std::uint64_t cycles_of(std::uint64_t bytes) const;
    void divide_busy_cycles();
    [[nodiscard]] bool loads() const { return unit_ == MachineUnit::load_dma; }

    Parts parts_;
    std::uint64_t layer_began_cycles_ = 0;
    std::vector<Transfer> transfers_;  ///< of the layer
    std::size_t oldest_ = 0;           ///< of those under way
};

}  // namespace npusim::sim
