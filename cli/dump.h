// Writes every integer of one image, for those who want to compute it again with other tools.
#pragma once

#include <filesystem>
#include <vector>

#include "cli/report.h"
#include "npusim/models/quantization/quantized_network.h"

namespace npusim::cli {

/// Fills a new folder beside `folder` and renames it, so that it appears whole or not at all. `folder` must not
/// exist, or be empty. `tensors` are indexed as the network's. index.json says what each file is.
void write_dump(const std::filesystem::path& folder, const Provenance& from, const QuantizedNetwork& network,
                const std::vector<std::vector<std::int32_t>>& tensors);

}  // namespace npusim::cli
