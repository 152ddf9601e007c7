// The files that a run reads: chip, technology, weights, images. All are read and checked before anything runs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/options.h"
#include "npusim/arch/arch_spec.h"
#include "npusim/arch/technology.h"
#include "npusim/models/exchange/saved_network.h"
#include "npusim/models/graph/network.h"
#include "npusim/models/parameters.h"
#include "npusim/workloads/datasets/dataset.h"

namespace npusim::cli {

struct ChipFiles {
    ArchSpec arch;  ///< with the command line's overrides
    std::filesystem::path file;
    std::string hash;
    Technology technology;
};

struct LabelledImages {
    Dataset test;
    Dataset calibration;
    std::int64_t test_images = 0;  ///< that there are; `test` may hold fewer
};

struct TrainedInputs {
    std::optional<Parameters> parameters;
    std::optional<SavedQuantization> quantization;  ///< of `parameters`, where they were fine-tuned
    std::optional<Parameters> baseline;             ///< the fp32 network that fine-tuning began from, where it is known
    std::string weights_hash;
    std::optional<LabelledImages> images;
    std::string origin;  ///< of networks that npusim trained itself
};

/// What --weights and --dataset name; checks that they fit the network.
[[nodiscard]] TrainedInputs read_trained(const Options& options, const Network& network);

/// Reads the chip and its technology table, which lies beside the chip's file or among the presets. A fine-tuned
/// network brings its precision along; options that say another one are refused.
[[nodiscard]] ChipFiles read_chip(const Options& options, const TrainedInputs& trained,
                                  const std::filesystem::path& preset_folder);

/// The chip's technology table: beside the chip's file, or among the presets.
[[nodiscard]] Technology find_technology(const ArchSpec& arch, const std::filesystem::path& arch_file,
                                         const std::filesystem::path& preset_folder);

/// The labelled images that the option names.
[[nodiscard]] LabelledImages read_labelled_images(const std::string& dataset, const Options& options,
                                                  const Network& network);

/// fp32 input of the network from an image's bytes.
[[nodiscard]] std::vector<float> network_input(const Dataset& dataset, std::int64_t index);

}  // namespace npusim::cli
