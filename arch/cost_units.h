// The prices of a chip's units, at the best estimate or at an end of the known errors.
#pragma once

#include "npusim/arch/cost.h"

namespace npusim {

[[nodiscard]] double at_end(double estimate, const ErrorBand& band, CostEnd end);
[[nodiscard]] double at_end(double estimate, double error_factor, CostEnd end);

/// One operation at the PE's own width, and its area.
[[nodiscard]] PeCost price_pe(const ArchSpec& arch, const Technology& technology, CostEnd end);
/// Of layers in any of these dataflows.
[[nodiscard]] PePrices price_pe_events(const ArchSpec& arch, const Technology& technology, OperandStatistics statistics,
                                       const std::vector<Dataflow>& dataflows, CostEnd end);
/// A bit that is written into a PE; 0 where the price of an operation holds it.
[[nodiscard]] double price_weight_load(const ArchSpec& arch, const Technology& technology, Dataflow dataflow,
                                       CostEnd end);
[[nodiscard]] PeCost price_requantizer(const ArchSpec& arch, const Technology& technology, CostEnd end);
[[nodiscard]] PeCost price_alu(const ArchSpec& arch, const Technology& technology, CostEnd end);
[[nodiscard]] SramCost price_bank(const BufferSpec& buffer, const Technology& technology, CostEnd end);

}  // namespace npusim
