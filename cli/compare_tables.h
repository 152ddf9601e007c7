// A comparison's figures as text, for the terminal and for Markdown.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/comparison.h"

namespace npusim::cli {

struct TextRow {
    std::vector<std::string> cells;
    bool differs = true;
};

struct TextTable {
    std::vector<std::string> titles;
    std::vector<std::size_t>
        widths;  ///< on a terminal; the first column is aligned to the left, the others to the right
    std::vector<TextRow> rows;
};

[[nodiscard]] TextTable group_table(const FigureGroup& group);
/// Rows for the layers at these places.
[[nodiscard]] TextTable layer_table(const Comparison& comparison, const std::vector<std::size_t>& places,
                                    const std::string& title);
[[nodiscard]] std::vector<std::size_t> all_layers(const Comparison& comparison);

/// What ran on either side, where it differs: a field of the chip, the network or the prices, and both values.
struct RunDifference {
    std::string what, a, b;
};
[[nodiscard]] std::vector<RunDifference> run_differences(const Comparison& comparison);

/// "r.json: resnet20 3x32x32 on int4_array"
[[nodiscard]] std::string side_text(const PricedResult& result);

void replace_all(std::string& text, std::string_view from, std::string_view to);

}  // namespace npusim::cli
