// What parse_sweep reads and sweep_schema records.
#pragma once

#include "npusim/base/json_reader.h"
#include "npusim/sweeps/sweep_spec.h"
#include "problems.h"

namespace npusim::design_space {

/// Problems are noted in the reader and in `problems`.
[[nodiscard]] SweepSpec read_sweep_fields(JsonReader& reader, Problems& problems);

}  // namespace npusim::design_space
