// Counters in the store: a JSON list of their numbers, a tenth as long as with their names.
#pragma once

#include <string>
#include <string_view>

#include "npusim/arch/counters.h"

namespace npusim::store {

[[nodiscard]] std::string counters_text(const Counters& counters);

/// The inverse. Throws nlohmann::json::exception or std::runtime_error for anything else.
[[nodiscard]] Counters counters_of_text(std::string_view text);

}  // namespace npusim::store
