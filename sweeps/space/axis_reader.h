// Reads the axes of a design space.
#pragma once

#include <vector>

#include "npusim/base/json_reader.h"
#include "npusim/sweeps/sweep_spec.h"
#include "problems.h"

namespace npusim::design_space {

/// Reads the axis at `place`.
[[nodiscard]] SweepAxis read_axis(JsonReader& reader, const std::string& place, Problems& problems);

/// A required list of texts that are not empty, none of them twice; `place` is that of the list. An element that is
/// wrong is read as "".
[[nodiscard]] std::vector<std::string> read_texts(JsonReader& reader, const std::string& key, const std::string& place,
                                                  Problems& problems);

/// Why there is no such network; empty where there is one.
[[nodiscard]] std::string network_problem(const std::string& name);

}  // namespace npusim::design_space
