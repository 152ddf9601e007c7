// JSON Schema of numbers, and of lists of them.
#pragma once

#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "npusim/base/json_reader.h"

namespace npusim {

/// The bounds that the type itself has are left out, but for the most of counts, which no larger number may be.
template <typename T>
nlohmann::json range_schema(const char* type, Range<T> allowed) {
    nlohmann::json schema{{"type", type}};
    if (allowed.low != std::numeric_limits<T>::lowest()) schema["minimum"] = allowed.low;
    const bool counts = std::is_integral_v<T> && schema.contains("minimum");
    if (counts || allowed.high != std::numeric_limits<T>::max()) schema["maximum"] = allowed.high;
    return schema;
}

inline nlohmann::json list_schema(nlohmann::json items) {
    return {{"type", "array"}, {"items", std::move(items)}};
}

}  // namespace npusim
