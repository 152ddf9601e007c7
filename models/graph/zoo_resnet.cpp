#include "zoo_families.h"

namespace npusim::zoo_families {
namespace {

NodeId projected_shortcut(NetworkBuilder& net, const std::string& block, NodeId from, std::int64_t channels,
                          std::int64_t stride) {
    if (stride == 1 && net.shape(from).channels == channels) return from;
    const NodeId projected = net.conv2d(block + ".downsample.0", from, same_conv(channels, 1, stride));
    return net.batch_norm(block + ".downsample.1", projected);
}

NodeId projected_basic_block(NetworkBuilder& net, const std::string& block, NodeId from, std::int64_t width,
                             std::int64_t stride) {
    return basic_block(net, block, from, width, stride, projected_shortcut);
}

NodeId bottleneck_block(NetworkBuilder& net, const std::string& block, NodeId from, std::int64_t width,
                        std::int64_t stride) {
    const std::int64_t out_channels = 4 * width;
    NodeId x = net.conv2d(block + ".conv1", from, same_conv(width, 1));
    x = net.relu(block + ".relu", net.batch_norm(block + ".bn1", x));
    x = net.conv2d(block + ".conv2", x, same_conv(width, 3, stride));
    x = net.relu(block + ".relu_1", net.batch_norm(block + ".bn2", x));
    x = net.conv2d(block + ".conv3", x, same_conv(out_channels, 1));
    x = net.batch_norm(block + ".bn3", x);
    x = net.add(block + ".add", x, projected_shortcut(net, block, from, out_channels, stride));
    return net.relu(block + ".relu_2", x);
}

Network resnet(const std::string& name, Part block, const std::array<int, 4>& blocks, std::int64_t image_size,
               std::int64_t classes) {
    NetworkBuilder net = start(name, image_size, min_resnet_size, classes);
    NodeId x = net.conv2d("conv1", net.input(), same_conv(64, 7, 2));
    x = net.relu("relu", net.batch_norm("bn1", x));
    x = net.max_pool("maxpool", x, square_window(3, 2, 1));
    std::int64_t width = 64;
    for (std::size_t stage = 0; stage < blocks.size(); ++stage, width *= 2) {
        for (int i = 0; i < blocks[stage]; ++i) {
            const std::string place = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
            x = block(net, place, x, width, stage > 0 && i == 0 ? 2 : 1);
        }
    }
    return net.finish(pooled_classifier(net, x, "fc", classes));
}

}  // namespace

Network basic_resnet(const std::string& name, const std::array<int, 4>& blocks, std::int64_t image_size,
                     std::int64_t classes) {
    return resnet(name, projected_basic_block, blocks, image_size, classes);
}

Network bottleneck_resnet(const std::string& name, const std::array<int, 4>& blocks, std::int64_t image_size,
                          std::int64_t classes) {
    return resnet(name, bottleneck_block, blocks, image_size, classes);
}

}  // namespace npusim::zoo_families
