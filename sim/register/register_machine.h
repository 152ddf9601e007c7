// The machine at register level, cycle by cycle: slow, and what the fast machine is held against. It runs the same
// program on the same data, and shares no rule of time with the fast one.
#pragma once

#include "clocked_array.h"
#include "clocked_dma.h"
#include "clocked_vector.h"
#include "npusim/sim/simulate.h"

namespace npusim::sim {

class RegisterMachine {
public:
    /// Built while the machine is elaborated.
    RegisterMachine(const SimulationInput& input, Scratchpad& weights, Scratchpad& activations, ArrayData& array_data,
                    VectorData vector_data, const CopyBytes& copy);

    /// Takes a layer through, a cycle a nanosecond; call from a thread process. Adds to the layer's counters all but
    /// its total cycles. Does not return where units wait for one another for ever.
    void run_layer(CurrentLayer& layer);

    void keep_spans();
    /// Of the layer that has ended.
    void take_timeline(LayerTimeline& timeline);
    void trace(sc_core::sc_trace_file* file) const;
    /// In the order of MachineUnit.
    [[nodiscard]] std::array<const ClockedUnit*, kMachineUnits> units() const;

private:
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
