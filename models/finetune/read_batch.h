// Batches from a source, on all threads.
#pragma once

#include "npusim/workloads/datasets/batch_source.h"

namespace npusim {

void read_batch(const BatchSource& source, std::span<const std::int64_t> indices, std::optional<std::uint64_t> epoch,
                std::vector<float>& images);

}  // namespace npusim
