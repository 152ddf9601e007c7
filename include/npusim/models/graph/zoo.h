// The networks that npusim knows by name, with torchvision's shapes, names and parameter names.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "npusim/models/graph/network.h"

namespace npusim {

/// What an image goes through before the network, as the evaluation of its publisher does it.
struct Preprocessing {
    std::int64_t resize_px = 256;  ///< the short side becomes this, bilinear; an image of crop_px x crop_px stays
    std::int64_t crop_px = 224;    ///< then the middle is cut out
    /// (x/divisor − mean) / stddev of each channel, in the order in which the network takes them.
    std::array<double, 3> mean{0.485, 0.456, 0.406};
    std::array<double, 3> stddev{0.229, 0.224, 0.225};
    double divisor = 255;
    bool bgr = false;  ///< the network takes blue first
};

struct ZooEntry {
    std::string name;
    std::string title;            ///< for people: "ResNet-34"
    std::int64_t image_size = 0;  ///< the published input height and width, px
    std::int64_t classes = 0;
    std::int64_t min_image_size = 0;
    Network (*make)(std::int64_t image_size, std::int64_t classes) = nullptr;
    /// None: images come in the right size, normalized as the data set says.
    std::optional<Preprocessing> preprocessing;
};

/// The table of the zoo: resnet18, resnet34, resnet50, resnet152, inception_v3, densenet161, vgg16_bn, squeezenet1_1,
/// fdmobilenet_0_5 and the CIFAR ResNets resnet20, resnet32, resnet44, resnet56, resnet110. Functional calls, which
/// torchvision leaves without a name, are named as its feature extractor does: "layer1.0.add", "layer1.0.relu_1",
/// "Mixed_5b.cat". SqueezeNet has Caffe's names ("fire2/squeeze1x1"), FD-MobileNet those of its authors.
/// Inception's auxiliary head needs 17x17 pixels before it, so images below 299 px build without the head.
[[nodiscard]] const std::vector<ZooEntry>& zoo();

/// The entry called `name`; InputError with the nearest names when there is none.
[[nodiscard]] const ZooEntry& zoo_entry(const std::string& name);

/// The entry's preprocessing for a network of this input size: resize_px grows with crop_px. An entry without one gets
/// torchvision's mean and deviation and the whole of a square image.
[[nodiscard]] Preprocessing preprocessing_of(const ZooEntry& entry, std::int64_t image_size);

/// Builds a network; `image_size` unset means the published size. Throws InputError for an unknown name (with the
/// nearest names) or a size that the network cannot take.
[[nodiscard]] Network make_network(const std::string& name, std::optional<std::int64_t> image_size = std::nullopt);

}  // namespace npusim
