// The array in the clocked machine: its commands run in the registers of PEs.
#pragma once

#include <map>

#include "../array_data.h"
#include "clocked_worker.h"
#include "register_array.h"

namespace npusim::sim {

class ClockedArray : public ClockedWorker {
public:
    /// Builds a register array for each dataflow of the program; while the machine is elaborated.
    ClockedArray(const ArchSpec& arch, TokenCounts& tokens, PortArbiter* ports, const Program& program,
                 ArrayData& data);

    void begin_layer(CurrentLayer& layer, std::uint64_t now_cycles) override;
    [[nodiscard]] UnitCycles end_layer() override;
    void cycle(std::uint64_t now_cycles) override;

protected:
    void begin_command(const Command& command) override;
    void work_cycle(bool is_held) override { worked_cycles_ += is_held ? 0 : 1; }
    [[nodiscard]] bool is_through() const override { return worked_cycles_ == timing_.total_cycles(); }
    Spent end_command(const Command& command) override;

private:
    [[nodiscard]] ArrayMatrices operands(const ArrayCommand& command) const;

    ArrayData& data_;
    std::map<Dataflow, std::unique_ptr<RegisterArray>> registers_;
    ArrayWork work_;  ///< of the present command, as the PEs do it
    ArrayMatrices matrices_;
    std::vector<std::int64_t> sums_;
    ArrayTiming timing_;  ///< of its registers
    std::uint64_t worked_cycles_ = 0;
    std::uint64_t stalled_cycles_ = 0;  ///< of the layer: no PE did anything
};

}  // namespace npusim::sim
