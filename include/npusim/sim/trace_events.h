// A run as a trace that Perfetto and chrome://tracing show: the JSON object form of Chrome's trace event format.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "npusim/arch/arch_spec.h"
#include "npusim/sim/timeline.h"

namespace npusim {

/// One track for the layers, one for each unit, one for the bytes that are on their way from and to DRAM. Times are
/// microseconds at the chip's clock; the arguments of every event give them in cycles.
class TraceEvents {
public:
    /// `program` and `arch` must live as long as this.
    TraceEvents(const Program& program, const ArchSpec& arch);

    void add(const LayerTimeline& layer);
    /// The whole file; nothing can be added afterwards.
    [[nodiscard]] std::string take_text();

private:
    const Program& program_;
    const ArchSpec& arch_;
    std::map<std::pair<std::size_t, std::uint64_t>, const WeightTile*> weight_tiles_;  ///< by node and DRAM address
    std::string text_;
};

}  // namespace npusim
