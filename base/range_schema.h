// JSON Schema of numbers, and of lists of them.
#pragma once

#include <limits>
#include <nlohmann/json.hpp>

#include "npusim/base/json_reader.h"

namespace npusim {

/// The bounds that the type itself has are left out.
template <typename T>
nlohmann::json range_schema(const char* type, Range<T> allowed) {
    nlohmann::json schema{{"type", type}};
    if (allowed.low != std::numeric_limits<T>::lowest()) schema["minimum"] = allowed.low;
    if (allowed.high != std::numeric_limits<T>::max()) schema["maximum"] = allowed.high;
    return schema;
}

inline nlohmann::json list_schema(nlohmann::json items) {
    return {{"type", "array"}, {"items", std::move(items)}};
}

}  // namespace npusim
