// What a reader of a chip's costs must know about their figures.
#pragma once

#include <string>
#include <vector>

#include "npusim/arch/cost.h"

namespace npusim {

/// Sentences about figures of `model` that are estimated, extrapolated or not reachable.
[[nodiscard]] std::vector<std::string> cost_notes(const CostModel& model, const Technology& technology);

/// Of a chip whose logic has another supply than the table's own.
[[nodiscard]] std::string voltage_note(const ArchSpec& arch, const Technology& technology);

}  // namespace npusim
