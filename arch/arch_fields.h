// What parse_arch reads and arch_schema records.
#pragma once

#include "npusim/arch/arch_spec.h"
#include "npusim/base/json_reader.h"

namespace npusim {

/// Problems are noted in the reader.
[[nodiscard]] ArchSpec read_arch_fields(JsonReader& reader);

}  // namespace npusim
