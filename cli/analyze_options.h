// The command line of `npusim analyze`.
#pragma once

#include "cli/options.h"

namespace npusim::cli {

struct AnalyzeOptions {
    bool help = false;
    std::vector<std::string> command;  ///< as given, the program's name first
    std::string model;
    std::optional<std::int64_t> image_size;
    std::string weights;  ///< before; empty: none
    std::string tuned;    ///< after; empty: none
    std::string dataset;  ///< empty: none
    std::filesystem::path data_root;
    std::vector<int> bits = {8, 4, 2};
    PrecisionSpec precision;  ///< of everything but weight and activation bits
    /// Where not given, residual_bits is that of the precision or the activations', whichever is more.
    bool residual_bits_given = false;
    std::vector<std::int64_t> batch_sizes = {32, 128, 512};
    std::int64_t batches = 20;
    std::int64_t piece_images = 128;
    bool freeze_batch_norm = false;
    bool augment = true;
    std::int64_t images = 64;  ///< that quantization noise is measured on
    std::int64_t calibration_images = 640;
    std::uint64_t seed = 0;
    unsigned threads = 0;  ///< 0: all processors
    bool layers = false;
    bool quiet = false;
    std::filesystem::path json, csv, plot;
};

/// `arguments` holds the program's name and the command's. Throws InputError with every problem, each naming its
/// option.
[[nodiscard]] AnalyzeOptions parse_analyze_options(const std::vector<std::string>& arguments,
                                                   const Environment& environment);

[[nodiscard]] const std::vector<OptionGroup>& analyze_option_groups();

/// The whole precision at `bits` for weights and activations.
[[nodiscard]] PrecisionSpec precision_at(const AnalyzeOptions& options, int bits);

}  // namespace npusim::cli
