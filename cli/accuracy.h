// Calibration, quantization and top-1, on all threads.
#pragma once

#include <functional>

#include "cli/progress.h"
#include "npusim/models/graph/network.h"
#include "npusim/models/parameters.h"
#include "npusim/models/quantization/quantized_network.h"
#include "npusim/workloads/datasets/dataset.h"

namespace npusim::cli {

/// Share of the first `count` images whose largest logit is their label's.
[[nodiscard]] double fp32_top1(const Network& network, const Parameters& parameters, const Dataset& dataset,
                               std::int64_t count, Progress& progress);
[[nodiscard]] double quantized_top1(const QuantizedNetwork& network, const Dataset& dataset, std::int64_t count,
                                    Progress& progress);

/// Integers of a network whose activation ranges come from `count` images.
[[nodiscard]] QuantizedNetwork calibrate_and_quantize(const Network& network, const Parameters& parameters,
                                                      const PrecisionSpec& precision, int accumulator_bits,
                                                      std::int64_t count,
                                                      const std::function<std::vector<float>(std::int64_t)>& image,
                                                      Progress& progress);

}  // namespace npusim::cli
