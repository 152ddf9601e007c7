// The command line, read and checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/option_reader.h"
#include "cli/sight_options.h"
#include "npusim/sweeps/chip_fields.h"

namespace npusim::cli {

/// What the program takes from its surroundings; read once, in main.
struct Environment {
    std::filesystem::path data_root;      ///< NPUSIM_DATA
    std::filesystem::path preset_folder;  ///< beside the program
    std::filesystem::path cache;          ///< of this user; empty: none
    bool colour = false;                  ///< on standard output
    bool progress = false;                ///< on standard error
};

enum class Action { simulate, help, version, list };

struct Options {
    Action action = Action::simulate;
    std::vector<std::string> command;  ///< as given, the program's name first
    std::string arch = "int8_array.json";
    FieldSettings settings;  ///< of the chip's file, before `precision`
    std::string model;
    std::string topology;  ///< a layer list, instead of a model
    std::optional<std::int64_t> image_size;
    std::int64_t batch = 1;  ///< images that go through the network together
    std::string weights;
    std::string dataset;
    std::filesystem::path data_root;
    std::int64_t calibration_images = 500;
    std::optional<std::int64_t> test_images;   ///< unset: all
    std::optional<std::int64_t> prove_images;  ///< unset: as many as take little time
    /// Fields of the architecture's "precision" that the command line overrides.
    nlohmann::json precision = nlohmann::json::object();
    std::uint64_t seed = 1;
    unsigned threads = 0;  ///< 0: all processors
    bool train = true;     ///< small networks on drawn images, where nothing is given
    bool layers = false;
    bool ladder = true;
    bool quiet = false;
    std::filesystem::path json, csv, dump;
    SightOptions sight;
};

/// Throws InputError with every problem of the command line, each naming its option.
[[nodiscard]] Options parse_options(const std::vector<std::string>& arguments, const Environment& environment);

[[nodiscard]] const std::vector<OptionGroup>& option_groups();

}  // namespace npusim::cli
