#include "cli/image_fit.h"

#include "npusim/base/error.h"
#include "npusim/models/graph/zoo.h"

namespace npusim::cli {
namespace {

std::string size_text(const TensorShape& shape) {
    return std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" + std::to_string(shape.width);
}

}  // namespace

void check_fit(const ImageFacts& images, const Network& network, const std::string& option) {
    std::vector<std::string> problems;
    if (images.shape != network.input_shape()) {
        problems.push_back("data set " + option + ": its images are " + size_text(images.shape) + ", " + network.name +
                           " takes " + size_text(network.input_shape()) + " (see --image-size)");
    }
    if (images.classes != network.classes()) {
        problems.push_back("data set " + option + ": it has " + std::to_string(images.classes) + " classes, " +
                           network.name + " tells " + std::to_string(network.classes()) + " apart");
    }
    if (!problems.empty()) throw InputError(problems);
}

ImageUse image_use_of(const Network& network) {
    ImageUse use;
    use.preprocessing = preprocessing_of(zoo_entry(network.name), network.input_shape().height);
    use.classes = network.classes();
    return use;
}

}  // namespace npusim::cli
