// Accuracies from the literature, for comparison; never mixed with measured ones.
#pragma once

#include <string>

namespace npusim::cli {

/// What McKinstry et al. 2018 (arXiv 1809.04191, table 1) report for this network on ImageNet, as a sentence; empty
/// where their figure is not at hand.
[[nodiscard]] std::string published_text(const std::string& model);

}  // namespace npusim::cli
