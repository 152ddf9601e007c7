// The machine at register level, cycle by cycle: slow, and what the fast machine is held against. It runs the same
// program on the same data, and shares no rule of time with the fast one.
#pragma once

#include "../machine.h"
#include "clocked_array.h"
#include "clocked_dma.h"
#include "clocked_vector.h"

namespace npusim::sim {

class RegisterMachine final : public Machine {
public:
    /// Built while the machine is elaborated. Of the memory it moves the bytes only, by `copy`; time is its own DRAM's.
    RegisterMachine(const MachineParts& parts, const CopyBytes& copy);

    void run_layer(CurrentLayer& layer) override;
    void keep_spans() override;
    void take_timeline(LayerTimeline& timeline) override;
    void trace(sc_core::sc_trace_file* file) const override;
    [[nodiscard]] bool is_done(MachineUnit unit) const override {
        return units()[static_cast<std::size_t>(unit)]->is_done();
    }

private:
    /// In the order of MachineUnit.
    [[nodiscard]] std::array<const ClockedUnit*, kMachineUnits> units() const;
    /// Null where nobody waits for ports.
    [[nodiscard]] PortArbiter* ports() { return ports_ ? &*ports_ : nullptr; }
    [[nodiscard]] std::array<ClockedUnit*, kMachineUnits> units_by_turn();
    void begin_layer(CurrentLayer& layer);
    /// All that happens within the present cycle.
    void settle();
    void end_layer(CurrentLayer& layer);

    TokenCounts tokens_{};
    std::optional<PortArbiter> ports_;
    BurstDram dram_;
    ClockedDma loads_;
    ClockedArray array_;
    ClockedVector vector_unit_;
    ClockedDma stores_;
    std::uint64_t now_cycles_ = 0;
    sc_core::sc_event never_;
};

}  // namespace npusim::sim
