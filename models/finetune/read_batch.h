// Batches from a source, on all threads.
#pragma once

#include "npusim/workloads/datasets/batch_source.h"

namespace npusim {

void read_batch(const BatchSource& source, std::span<const std::int64_t> indices, std::optional<std::uint64_t> epoch,
                std::vector<float>& images);
/// The same for images number `first` to `end` - 1 of the batch; the others are whatever the room held.
void read_batch(const BatchSource& source, std::span<const std::int64_t> indices, std::optional<std::uint64_t> epoch,
                std::vector<float>& images, std::int64_t first, std::int64_t end);

}  // namespace npusim
