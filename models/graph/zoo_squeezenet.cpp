#include "zoo_families.h"

namespace npusim::zoo_families {
namespace {

NodeId conv_relu(NetworkBuilder& net, const std::string& name, const std::string& relu, NodeId from, Conv2dSpec spec) {
    spec.bias = true;
    return net.relu(relu, net.conv2d(name, from, spec));
}

NodeId fire(NetworkBuilder& net, const std::string& block, NodeId from, std::int64_t squeezed, std::int64_t expanded) {
    const NodeId x = conv_relu(net, block + "/squeeze1x1", block + "/relu_squeeze1x1", from, same_conv(squeezed, 1));
    const NodeId one = conv_relu(net, block + "/expand1x1", block + "/relu_expand1x1", x, same_conv(expanded, 1));
    const NodeId three = conv_relu(net, block + "/expand3x3", block + "/relu_expand3x3", x, same_conv(expanded, 3));
    return net.concat(block + "/concat", {one, three});
}

/// Caffe's pooling: 3x3 of stride 2, a last window may hang over.
NodeId pool(NetworkBuilder& net, const std::string& name, NodeId from) {
    Window window = square_window(3, 2);
    window.ceil_mode = true;
    return net.max_pool(name, from, window);
}

}  // namespace

Network squeezenet1_1(std::int64_t image_size, std::int64_t classes) {
    NetworkBuilder net = start("squeezenet1_1", image_size, min_squeezenet_size, classes);
    Conv2dSpec first = same_conv(64, 3, 2);
    first.pad_height = first.pad_width = 0;
    NodeId x = pool(net, "pool1", conv_relu(net, "conv1", "relu_conv1", net.input(), first));
    x = fire(net, "fire3", fire(net, "fire2", x, 16, 64), 16, 64);
    x = pool(net, "pool3", x);
    x = fire(net, "fire5", fire(net, "fire4", x, 32, 128), 32, 128);
    x = pool(net, "pool5", x);
    x = fire(net, "fire7", fire(net, "fire6", x, 48, 192), 48, 192);
    x = fire(net, "fire9", fire(net, "fire8", x, 64, 256), 64, 256);
    x = conv_relu(net, "conv10", "relu_conv10", net.dropout("drop9", x, 0.5), same_conv(classes, 1));
    return net.finish(net.flatten("flatten", net.adaptive_average_pool("pool10", x, 1, 1)));
}

}  // namespace npusim::zoo_families
