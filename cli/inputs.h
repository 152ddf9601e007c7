// The files that a run reads: chip, technology, weights, images. All are read and checked before anything runs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/options.h"
#include "npusim/arch/arch_spec.h"
#include "npusim/arch/technology.h"
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

/// Reads the chip and its technology table, which lies beside the chip's file or among the presets.
[[nodiscard]] ChipFiles read_chip(const Options& options, const std::filesystem::path& preset_folder);

struct LabelledImages {
    Dataset test;
    Dataset calibration;
    std::int64_t test_images = 0;  ///< that there are; `test` may hold fewer
};

struct TrainedInputs {
    std::optional<Parameters> parameters;
    std::string weights_hash;
    std::optional<LabelledImages> images;
};

/// What --weights and --dataset name; checks that they fit the network.
[[nodiscard]] TrainedInputs read_trained(const Options& options, const Network& network);

/// fp32 input of the network from an image's bytes.
[[nodiscard]] std::vector<float> network_input(const Dataset& dataset, std::int64_t index);

}  // namespace npusim::cli
