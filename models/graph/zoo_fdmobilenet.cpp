#include "zoo_families.h"

namespace npusim::zoo_families {
namespace {

NodeId conv_norm_relu(NetworkBuilder& net, const std::string& part, const std::string& number, NodeId from,
                      const Conv2dSpec& spec) {
    const std::string before = "features." + part;
    const NodeId x = net.conv2d(before + "conv_" + number, from, spec);
    return net.relu(before + "relu_" + number, net.batch_norm(before + "norm_" + number, x));
}

/// A 3x3 convolution of each channel alone, then a 1x1 convolution across them.
NodeId separable(NetworkBuilder& net, int index, NodeId from, std::int64_t channels, std::int64_t stride) {
    const std::string number = std::to_string(index);
    Conv2dSpec depthwise = same_conv(net.shape(from).channels, 3, stride);
    depthwise.groups = net.shape(from).channels;
    const NodeId x = conv_norm_relu(net, "dw_", number, from, depthwise);
    return conv_norm_relu(net, "pw_", number, x, same_conv(channels, 1));
}

}  // namespace

Network fdmobilenet_0_5(std::int64_t image_size, std::int64_t classes) {
    struct Block {
        std::int64_t channels;
        std::int64_t stride;
    };
    constexpr std::array<Block, 11> blocks{
        {{32, 2}, {64, 2}, {64, 1}, {128, 2}, {128, 1}, {256, 2}, {256, 1}, {256, 1}, {256, 1}, {256, 1}, {512, 1}}};
    NetworkBuilder net = start("fdmobilenet_0_5", image_size, min_fdmobilenet_size, classes);
    NodeId x = conv_norm_relu(net, "", "0", net.input(), same_conv(16, 3, 2));
    int index = 0;
    for (const Block& block : blocks) x = separable(net, index++, x, block.channels, block.stride);
    return net.finish(pooled_classifier(net, x, "classifier", classes));
}

}  // namespace npusim::zoo_families
