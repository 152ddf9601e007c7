// Labelled images as batches, as the options name them.
#pragma once

#include <memory>
#include <optional>

#include "npusim/models/graph/network.h"
#include "npusim/workloads/datasets/batch_source.h"

namespace npusim::cli {

struct SourceRequest {
    std::string dataset;  ///< as the option names it
    std::filesystem::path data_root;
    std::optional<std::int64_t> train_images;  ///< the first so many; unset: all
    std::uint64_t seed = 0;                    ///< of the random moves
};

/// Training images for this network. Throws InputError when there are none or they do not fit.
[[nodiscard]] std::shared_ptr<const BatchSource> open_train_source(const SourceRequest& request,
                                                                   const Network& network);

}  // namespace npusim::cli
