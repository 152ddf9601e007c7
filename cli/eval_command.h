// `npusim eval`: accuracy at every level at which a network can be computed.
#pragma once

#include <iosfwd>

#include "cli/eval_options.h"
#include "cli/progress.h"
#include "npusim/models/quantization/precision.h"

namespace npusim::cli {

struct LevelResult {
    Level level = Level::fp32;
    double top1 = 0;
    double top5 = 0;
    std::vector<std::int32_t> predictions;    ///< one an image, the first images of the test set
    std::vector<std::vector<double>> logits;  ///< kept where levels are compared to the bit
};

struct EvalReport {
    std::string network;
    std::string dataset;
    PrecisionSpec precision;
    bool fine_tuned = false;
    std::vector<std::string> class_names;
    std::vector<std::int32_t> labels;
    std::vector<LevelResult> levels;
};

[[nodiscard]] EvalReport run_eval(const EvalOptions& options, const Environment& environment, Progress& progress);
void print_eval(const EvalReport& report, bool confusion, std::ostream& out);
[[nodiscard]] std::string eval_json(const EvalReport& report);

}  // namespace npusim::cli
