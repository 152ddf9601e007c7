// Results on their way from a worker to its parent, on one machine: the counters' numbers one after the other.
#pragma once

#include <string>
#include <string_view>

#include "npusim/sim/run_result.h"

namespace npusim {

[[nodiscard]] std::string result_bytes(const RunResult& result);

/// The inverse. Throws std::runtime_error for bytes that are too few, too many or no result.
[[nodiscard]] RunResult result_of_bytes(std::string_view bytes);

}  // namespace npusim
