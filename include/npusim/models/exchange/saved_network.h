// A trained network in one file: fp32 parameters as safetensors and, where it was fine-tuned in low precision, the
// precision and the steps in the file's metadata ("npusim.precision", "npusim.steps"). Other programs read the
// parameters as they read any checkpoint.
#pragma once

#include <optional>

#include "npusim/models/exchange/safetensors.h"
#include "npusim/models/quantization/quantizer.h"

namespace npusim {

struct SavedQuantization {
    PrecisionSpec precision;
    TrainedSteps steps;
};

struct SavedNetwork {
    Parameters parameters;
    std::optional<SavedQuantization> quantization;  ///< absent: plain fp32
    std::map<std::string, std::string> metadata;    ///< free text; keys that begin with "npusim." are npusim's
    std::string content_hash;                       ///< of the whole file; set by reading
};

/// Written whole or not at all; same content, same bytes.
void write_saved_network(const SavedNetwork& saved, const std::filesystem::path& path);

/// Any checkpoint that load_parameters takes for this network, quantization included where the file has it. Throws
/// InputError that names the file, the place and what is allowed.
[[nodiscard]] SavedNetwork read_saved_network(const std::filesystem::path& path, const Network& network);

}  // namespace npusim
