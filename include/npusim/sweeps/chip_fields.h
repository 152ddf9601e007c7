// A chip's fields, set and compared one by one: each a JSON pointer into the chip's resolved file.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "npusim/arch/arch_spec.h"

namespace npusim {

/// Fields ("/array/rows", or an object as a whole: "/precision/layers") and what they are set to.
using FieldSettings = std::vector<std::pair<std::string, nlohmann::json>>;

/// The chip with these fields of its resolved file set, all at once, and read again. Throws InputError with every
/// problem: fields that the chip does not have, a field that is set twice or inside another one, and what the
/// architecture's reader refuses. Each begins with `source` and the pointer.
[[nodiscard]] ArchSpec with_fields(const ArchSpec& arch, const FieldSettings& settings, const std::string& source);

/// A field that two chips do not have in common; null where a chip does not have it.
struct FieldDifference {  // NOLINT(bugprone-exception-escape): moving JSON does not throw
    std::string field;
    nlohmann::json a;
    nlohmann::json b;
};

/// The smallest fields that differ, but name and description, which decide nothing: with_fields(a, all the values of b)
/// is b. An object that only `a` has is empty in `b`.
[[nodiscard]] std::vector<FieldDifference> differences_of(const ArchSpec& a, const ArchSpec& b);

}  // namespace npusim
