// The options that let one see into a run.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/option_reader.h"
#include "npusim/sim/simulate.h"

namespace npusim::cli {

/// Files to write; empty: none.
struct SightOptions {
    std::filesystem::path timeline;
    std::vector<std::string> timeline_layers;  ///< empty: all
    std::filesystem::path roofline;
    std::filesystem::path waveform;
    Detail detail = Detail::transaction;
};

[[nodiscard]] OptionGroup sight_options();
/// Notes a problem for each file that could not be written, before minutes of work.
[[nodiscard]] SightOptions read_sight(OptionReader& reader);

}  // namespace npusim::cli
