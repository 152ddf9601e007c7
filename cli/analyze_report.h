// What `npusim analyze` found, as plain values; the printers read it and nothing else.
#pragma once

#include <iosfwd>

#include "cli/plot.h"
#include "cli/printers.h"
#include "npusim/models/finetune/analysis.h"

namespace npusim::cli {

/// One precision of one network.
struct PrecisionAnalysis {
    std::string name;  ///< "8 bits", or "tuned" for the network after
    PrecisionSpec precision;
    std::vector<QuantizationNoise> weights;      ///< empty without weights
    std::vector<QuantizationNoise> tensors;      ///< empty without weights or images
    TensorId logits = 0;                         ///< index in `tensors`
    std::vector<AccumulatorWidth> accumulators;  ///< a row for each layer
};

struct AnalyzeReport {
    std::string network, title;
    std::string version;
    std::vector<std::string> command;
    std::string weights_file, weights_hash;
    std::string tuned_file, tuned_hash;
    std::string dataset, dataset_hash;
    std::uint64_t seed = 0;
    std::int64_t noise_images = 0;        ///< that stored tensors were compared on
    std::int64_t calibration_images = 0;  ///< that set the activation ranges
    bool freeze_batch_norm = false;
    bool augment = true;
    std::int64_t piece_images = 0;
    std::optional<WeightSimilarity> similarity;
    std::vector<GradientNoise> noise;
    std::vector<PrecisionAnalysis> precisions;
    std::vector<std::string> left_out;  ///< what is missing, and what it would take
};

/// One screen; a row for each layer behind it when asked.
void print_analysis(const AnalyzeReport& report, bool layers, const Style& style, std::ostream& out);
void print_analysis_layers(const AnalyzeReport& report, const Style& style, std::ostream& out);

/// Everything.
[[nodiscard]] std::string analysis_json(const AnalyzeReport& report);
/// The same, one figure a row.
[[nodiscard]] std::string analysis_csv(const AnalyzeReport& report);
/// Gradient variance by batch size, and the cosines by layer at the largest batch.
[[nodiscard]] std::vector<Plot> analysis_plots(const AnalyzeReport& report);

}  // namespace npusim::cli
