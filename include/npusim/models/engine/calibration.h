// Observes the fp32 activations of some images: histograms from which activation ranges are read.
#pragma once

#include <functional>
#include <vector>

#include "npusim/models/engine/float_executor.h"

namespace npusim {

/// |x| of one node's outputs over all calibration images, in equal bins from 0 to largest_magnitude.
struct ActivationHistogram {
    double largest_magnitude = 0;
    double smallest = 0;  ///< the smallest value seen; below 0 means the tensor needs a sign
    std::vector<std::uint64_t> counts;
    /// The magnitude below which `percent` of the values lie (upper edge of the bin; largest_magnitude at 100).
    [[nodiscard]] double percentile(double percent) const;
};

/// One histogram per node of the network (nodes that do not run stay empty). `image(i)` gives normalized image i;
/// several threads call it at the same time.
/// Counts are integers, so the result does not depend on the number of threads.
[[nodiscard]] std::vector<ActivationHistogram> observe_activations(
    const Network& network, const FloatExecutor& executor, std::int64_t images,
    const std::function<std::vector<float>(std::int64_t)>& image);

}  // namespace npusim
