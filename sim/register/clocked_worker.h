// A unit that works at one command at a time: the array and the vector unit.
#pragma once

#include <memory>

#include "clocked_unit.h"

namespace npusim::sim {

class ClockedWorker : public ClockedUnit {
public:
    ClockedWorker(MachineUnit unit, const ArchSpec& arch, TokenCounts& tokens, PortArbiter* ports)
        : ClockedUnit(unit, arch, tokens), ports_(ports) {}

    void finish(std::uint64_t now_cycles) override;
    [[nodiscard]] bool act(std::uint64_t now_cycles) override;
    void cycle(std::uint64_t now_cycles) override;
    [[nodiscard]] bool is_moving() const override { return command_ != nullptr; }

protected:
    /// What a command's cycles were, behind its last one.
    struct Spent {
        std::uint64_t busy_cycles = 0;
        std::uint64_t fill_drain_cycles = 0;
        std::uint64_t bank_conflict_cycles = 0;  ///< without those behind others
    };

    virtual void begin_command(const Command& command) = 0;
    /// A cycle of the present command; one that others hold up does not bring it forward.
    virtual void work_cycle(bool is_held) = 0;
    [[nodiscard]] virtual bool is_through() const = 0;
    virtual Spent end_command(const Command& command) = 0;

    /// Asks for a command's accesses to the activation buffer, spread over `cycles` from its begin on.
    void ask_ports(std::uint64_t cycles, const HalfAccesses& accesses);
    /// Where `accesses` to a tensor of the layer fall: it stays on chip, or was loaded to the slot of an address.
    [[nodiscard]] HalfAccesses accesses_to(TensorId tensor, std::uint64_t accesses, std::uint64_t address) const;
    [[nodiscard]] bool meets_others() const { return ports_ != nullptr; }

private:
    PortArbiter* ports_;  ///< null where nobody waits for ports
    const Command* command_ = nullptr;
    std::shared_ptr<const PortRequest> request_;
    std::uint64_t began_cycles_ = 0;
    std::uint64_t held_cycles_ = 0;
};

}  // namespace npusim::sim
