// The readings of a comparison.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/comparison.h"
#include "cli/printers.h"

namespace npusim::cli {

/// In columns: what differs, every figure, and the layers that differ most, or with `layers` all of them.
void print_comparison(const Comparison& comparison, bool layers, const Style& style, std::ostream& out);

/// The same as Markdown, with all layers.
[[nodiscard]] std::string comparison_markdown(const Comparison& comparison);

/// {"a", "b", "chips", "figures", "layers"}: numbers as they are, null where a side or a ratio has none.
[[nodiscard]] std::string comparison_json(const Comparison& comparison);

}  // namespace npusim::cli
