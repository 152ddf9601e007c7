// Groups of a technology table that have a reader of their own, and what all readers share.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "npusim/arch/technology.h"
#include "npusim/base/json_reader.h"

namespace npusim {

/// Ends a group of figures: unit and source are required, the rest explains.
void finish_group(JsonReader& group);

/// The rows of a matrix of `columns` numbers; null is NaN where allowed. Empty after a problem.
[[nodiscard]] std::vector<std::vector<double>> read_matrix(JsonReader& reader, const std::string& key,
                                                           std::size_t columns, bool null_allowed);

/// The terms of a known fit, in the order in which the look-ups evaluate them.
[[nodiscard]] const std::vector<std::string>& fit_terms(const std::string& name);
void read_fits(JsonReader& root, Technology& technology);

void read_sram(JsonReader group, SramTable& sram);

}  // namespace npusim
