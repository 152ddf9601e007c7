// Results and counters as JSON, keys equal to the field names: for reports, and for the way from worker to parent.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "npusim/arch/cost.h"
#include "npusim/sim/run_result.h"

namespace npusim {

[[nodiscard]] nlohmann::json to_json(const Counters& counters);
[[nodiscard]] nlohmann::json to_json(const RunResult& result);
/// Components and "total_pj", "on_chip_pj"; components and "total_mm2".
[[nodiscard]] nlohmann::json to_json(const EnergyBreakdown& energy);
[[nodiscard]] nlohmann::json to_json(const AreaBreakdown& area);

/// The inverse of to_json. Throws nlohmann::json::exception for anything else.
[[nodiscard]] Counters counters_from_json(const nlohmann::json& json);
[[nodiscard]] RunResult run_result_from_json(const nlohmann::json& json);

}  // namespace npusim
