// What takes layers through: array, vector unit and DMA queues, at one of the levels of detail.
#pragma once

#include <systemc>

#include "array_data.h"
#include "current_layer.h"
#include "memory.h"
#include "npusim/sim/timeline.h"
#include "vector_data.h"

namespace npusim::sim {

/// What both levels work on.
struct MachineParts {
    const ArchSpec& arch;
    const Program& program;
    Scratchpad& weights;
    Scratchpad& activations;
    ArrayData& array_data;
    VectorData vector_data;
    Memory& memory;
};

class Machine {
public:
    Machine() = default;
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;
    virtual ~Machine() = default;

    /// Takes a layer through, a cycle a nanosecond, and adds to its counters all but the total cycles; call from a
    /// thread process. Does not return where units wait for one another for ever.
    virtual void run_layer(CurrentLayer& layer) = 0;

    /// Keeps from now on what units do as spans; without, nothing is kept.
    virtual void keep_spans() = 0;
    /// Spans and transfers of the layer that has ended.
    virtual void take_timeline(LayerTimeline& timeline) = 0;
    /// The units' states and the tokens' counts.
    virtual void trace(sc_core::sc_trace_file* file) const = 0;
    /// Has a unit ended all its commands of the layer?
    [[nodiscard]] virtual bool is_done(MachineUnit unit) const = 0;
};

}  // namespace npusim::sim
