// The machine at transaction level: a unit takes a command at once, and events are only where units meet.
#pragma once

#include "dma_engine.h"
#include "machine.h"
#include "pe_array.h"
#include "vector_unit.h"

namespace npusim::sim {

class TransactionMachine final : public Machine {
public:
    /// Built while the machine is elaborated.
    explicit TransactionMachine(const MachineParts& parts);

    void run_layer(CurrentLayer& layer) override;
    void keep_spans() override;
    void take_timeline(LayerTimeline& timeline) override;
    void trace(sc_core::sc_trace_file* file) const override;
    [[nodiscard]] bool is_done(MachineUnit unit) const override;

private:
    /// In the order of MachineUnit.
    [[nodiscard]] std::array<Unit*, kMachineUnits> units() { return {&load_dma_, &array_, &vector_unit_, &store_dma_}; }
    [[nodiscard]] bool all_done() const;

    Memory& memory_;
    TokenBank tokens_;
    DmaEngine load_dma_;
    DmaEngine store_dma_;
    PeArray array_;
    VectorUnit vector_unit_;
};

}  // namespace npusim::sim
