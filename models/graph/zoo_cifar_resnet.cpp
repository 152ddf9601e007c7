#include "zoo_families.h"

namespace npusim::zoo_families {
namespace {

NodeId option_a_shortcut(NetworkBuilder& net, const std::string& block, NodeId from, std::int64_t channels,
                         std::int64_t stride) {
    if (stride == 1 && net.shape(from).channels == channels) return from;
    return net.slice_pad(block + ".shortcut", from, stride, channels, channels / 4);
}

}  // namespace

Network cifar_resnet(const std::string& name, int blocks, std::int64_t image_size, std::int64_t classes) {
    if (image_size % 4 != 0) refuse_image_size(name, image_size, "multiples of 4, from 8 px");
    NetworkBuilder net = start(name, image_size, min_cifar_size, classes);
    NodeId x = net.conv2d("conv1", net.input(), same_conv(16, 3));
    x = net.relu("relu", net.batch_norm("bn1", x));
    std::int64_t channels = 16;
    for (int stage = 0; stage < 3; ++stage, channels *= 2) {
        for (int i = 0; i < blocks; ++i) {
            const std::string place = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
            x = basic_block(net, place, x, channels, stage > 0 && i == 0 ? 2 : 1, option_a_shortcut);
        }
    }
    return net.finish(pooled_classifier(net, x, "linear", classes));
}

}  // namespace npusim::zoo_families
