// The vector unit in the clocked machine: its lanes walk over a command's elements.
#pragma once

#include <optional>

#include "../vector_data.h"
#include "clocked_worker.h"
#include "npusim/sim/vector_walk.h"

namespace npusim::sim {

class ClockedVector : public ClockedWorker {
public:
    ClockedVector(const ArchSpec& arch, TokenCounts& tokens, PortArbiter* ports, VectorData data)
        : ClockedWorker(MachineUnit::vector_unit, arch, tokens, ports), data_(data) {}

protected:
    void begin_command(const Command& command) override;
    void work_cycle(bool is_held) override { walk_->cycle(is_held); }
    [[nodiscard]] bool is_through() const override { return !walk_->enters() && !walk_->drains(); }
    Spent end_command(const Command& command) override;

private:
    [[nodiscard]] HalfAccesses accesses_of(const VectorCommand& work, const VectorAccesses& accesses) const;

    VectorData data_;
    std::optional<VectorWalk> walk_;  ///< of the present command
};

}  // namespace npusim::sim
