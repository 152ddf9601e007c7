// Runs the machine with data and holds its integers against the engine's.
#pragma once

#include <functional>
#include <vector>

#include "cli/progress.h"
#include "cli/report.h"

namespace npusim::cli {

using IntegerImages = std::vector<std::vector<std::int32_t>>;

/// How many images of a network the machine computes in a few seconds.
[[nodiscard]] std::int64_t affordable_images(std::int64_t macs);

/// Throws std::runtime_error naming the first differing image and logit (and the first tensor that differs), or when
/// data changes the cycles of `timing`. `observe` sees the machine's tensors of each image; it may be empty. Once in
/// a process.
[[nodiscard]] Proof prove(const QuantizedNetwork& network, const ArchSpec& arch, const IntegerImages& images,
                          const RunResult& timing,
                          const std::function<void(std::size_t, const IntegerImages&)>& observe, Progress& progress);

}  // namespace npusim::cli
