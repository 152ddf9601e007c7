// Which cycles of a DMA are busy, and which wait for DRAM.
#pragma once

#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/sim/timeline.h"

namespace npusim::sim {

/// What `bytes` need at peak bandwidth; 0 where DRAM is ideal.
[[nodiscard]] std::uint64_t peak_cycles(const ArchSpec& arch, std::uint64_t bytes);

/// The spans of the cycles with a transfer outstanding, of a layer that begins at `begin_cycles`; `busy_cycles` of
/// them are busy. Transfers are in the order of their issue.
[[nodiscard]] std::vector<UnitSpan> spans_of_transfers(const std::vector<DramTransfer>& transfers,
                                                       std::uint64_t begin_cycles, std::uint64_t busy_cycles,
                                                       const ArchSpec& arch);

/// Two lists of spans of different cycles as one, by ascending time.
[[nodiscard]] std::vector<UnitSpan> interleaved(const std::vector<UnitSpan>& first,
                                                const std::vector<UnitSpan>& second);

}  // namespace npusim::sim
