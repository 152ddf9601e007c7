// Networks that npusim trains itself, in under a minute, on images that it draws itself: what the program measures
// accuracy with where nothing was given. They are kept in the user's cache.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/progress.h"
#include "npusim/models/exchange/saved_network.h"

namespace npusim::cli {

inline constexpr const char* kDrawnDataset = "shapes";

struct DrawnNetworks {
    Parameters fp32;
    Parameters tuned;                               ///< the same as fp32 where nothing was tuned
    std::optional<SavedQuantization> quantization;  ///< of `tuned`
    std::string origin;                             ///< trained now, or found in the cache
};

/// Small enough, and made for images such as are drawn.
[[nodiscard]] bool can_be_drawn(const Network& network);

/// Trains in fp32 and fine-tunes at `precision` (null: fp32 only), or reads what an earlier run left in `cache` (empty:
/// no cache). A precision that cannot be fine-tuned gives the fp32 network alone.
[[nodiscard]] DrawnNetworks drawn_networks(const Network& network, const PrecisionSpec* precision,
                                           const std::filesystem::path& cache, Progress& progress);

}  // namespace npusim::cli
