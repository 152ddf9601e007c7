// What a network wants of a data set.
#pragma once

#include <string>

#include "npusim/models/graph/network.h"
#include "npusim/workloads/datasets/folder_source.h"

namespace npusim::cli {

struct ImageFacts {
    TensorShape shape;
    std::int64_t classes = 0;
};
/// Throws InputError unless the data set, called as the option names it, has the network's image size and classes.
void check_fit(const ImageFacts& images, const Network& network, const std::string& option);

/// Preprocessing and classes for a folder of images; which and how many images is left to the caller.
[[nodiscard]] ImageUse image_use_of(const Network& network);

}  // namespace npusim::cli
