#include "npusim/models/graph/zoo.h"

#include "npusim/base/error.h"
#include "zoo_families.h"

namespace npusim {

namespace {

using Px = std::int64_t;
using Count = std::int64_t;

std::vector<ZooEntry> make_table() {
    using namespace zoo_families;
    const std::optional<Preprocessing> none;
    const Preprocessing torchvision;
    Preprocessing torchvision_299;
    torchvision_299.resize_px = 342;
    torchvision_299.crop_px = 299;
    // Caffe's means of ImageNet, blue first.
    const Preprocessing caffe_227{227, 227, {104, 117, 123}, {1, 1, 1}, 1, true};
    // name, title, image size, classes, smallest image size, maker, preprocessing
    return {
        {"resnet18", "ResNet-18", 224, 1000, min_resnet_size,
         [](Px size, Count classes) {
             return basic_resnet("resnet18", {2, 2, 2, 2}, size, classes);
         },
         torchvision},
        {"resnet34", "ResNet-34", 224, 1000, min_resnet_size,
         [](Px size, Count classes) {
             return basic_resnet("resnet34", {3, 4, 6, 3}, size, classes);
         },
         torchvision},
        {"resnet50", "ResNet-50", 224, 1000, min_resnet_size,
         [](Px size, Count classes) {
             return bottleneck_resnet("resnet50", {3, 4, 6, 3}, size, classes);
         },
         torchvision},
        {"resnet152", "ResNet-152", 224, 1000, min_resnet_size,
         [](Px size, Count classes) {
             return bottleneck_resnet("resnet152", {3, 8, 36, 3}, size, classes);
         },
         torchvision},
        {"inception_v3", "Inception-v3", 299, 1000, min_inception_size, inception_v3, torchvision_299},
        {"densenet161", "DenseNet-161", 224, 1000, min_densenet_size, densenet161, torchvision},
        {"vgg16_bn", "VGG-16bn", 224, 1000, min_vgg_size, vgg16_bn, torchvision},
        {"squeezenet1_1", "SqueezeNet 1.1", 227, 1000, min_squeezenet_size, squeezenet1_1, caffe_227},
        {"fdmobilenet_0_5", "FD-MobileNet 0.5", 224, 1000, min_fdmobilenet_size, fdmobilenet_0_5, torchvision},
        {"resnet20", "ResNet-20 (CIFAR-10)", 32, 10, min_cifar_size,
         [](Px size, Count classes) { return cifar_resnet("resnet20", 3, size, classes); }, none},
        {"resnet32", "ResNet-32 (CIFAR-10)", 32, 10, min_cifar_size,
         [](Px size, Count classes) { return cifar_resnet("resnet32", 5, size, classes); }, none},
        {"resnet44", "ResNet-44 (CIFAR-10)", 32, 10, min_cifar_size,
         [](Px size, Count classes) { return cifar_resnet("resnet44", 7, size, classes); }, none},
        {"resnet56", "ResNet-56 (CIFAR-10)", 32, 10, min_cifar_size,
         [](Px size, Count classes) { return cifar_resnet("resnet56", 9, size, classes); }, none},
        {"resnet110", "ResNet-110 (CIFAR-10)", 32, 10, min_cifar_size,
         [](Px size, Count classes) { return cifar_resnet("resnet110", 18, size, classes); }, none},
    };
}

}  // namespace

const std::vector<ZooEntry>& zoo() {
    static const std::vector<ZooEntry> table = make_table();
    return table;
}

const ZooEntry& zoo_entry(const std::string& name) {
    std::vector<std::string> known;
    for (const auto& entry : zoo()) {
        if (entry.name == name) return entry;
        known.push_back(entry.name);
    }
    auto nearest = nearest_names(name, known);
    // Edit distance alone misses a short beginning such as "vgg".
    for (const auto& candidate : known) {
        if (nearest.empty() && !name.empty() && candidate.starts_with(name)) nearest.push_back(candidate);
    }
    const std::string hint = nearest.empty() ? "" : " (did you mean " + join(nearest, " or ") + "?)";
    throw InputError("model", name, "no network has this name" + hint + ", allowed: " + join(known));
}

Preprocessing preprocessing_of(const ZooEntry& entry, std::int64_t image_size) {
    Preprocessing preprocessing;
    if (entry.preprocessing) {
        preprocessing = *entry.preprocessing;
        preprocessing.resize_px = preprocessing.resize_px * image_size / preprocessing.crop_px;
    } else {
        preprocessing.resize_px = image_size;
    }
    preprocessing.crop_px = image_size;
    return preprocessing;
}

Network make_network(const std::string& name, std::optional<std::int64_t> image_size) {
    const ZooEntry& entry = zoo_entry(name);
    return entry.make(image_size.value_or(entry.image_size), entry.classes);
}

}  // namespace npusim
