#include <vector>

#include "zoo_families.h"

namespace npusim::zoo_families {
namespace {

constexpr std::int64_t growth = 48;
constexpr std::int64_t bottleneck_channels = 4 * growth;

NodeId norm_relu_conv(NetworkBuilder& net, const std::string& layer, const std::string& suffix, NodeId from,
                      const Conv2dSpec& spec) {
    const NodeId normed = net.batch_norm(layer + ".norm" + suffix, from);
    return net.conv2d(layer + ".conv" + suffix, net.relu(layer + ".relu" + suffix, normed), spec);
}

/// Concats are flat, so that each layer's list is a prefix of the next one's and nothing is copied twice.
NodeId dense_block(NetworkBuilder& net, const std::string& block, NodeId from, int layers) {
    std::vector<NodeId> features{from};
    for (int i = 1; i <= layers; ++i) {
        const std::string layer = block + ".denselayer" + std::to_string(i);
        NodeId x = features.size() == 1 ? from : net.concat(layer + ".cat", features);
        x = norm_relu_conv(net, layer, "1", x, same_conv(bottleneck_channels, 1));
        features.push_back(norm_relu_conv(net, layer, "2", x, same_conv(growth, 3)));
    }
    return net.concat(block + ".cat", features);
}

NodeId transition(NetworkBuilder& net, const std::string& name, NodeId from) {
    const NodeId halved = norm_relu_conv(net, name, "", from, same_conv(net.shape(from).channels / 2, 1));
    return net.average_pool(name + ".pool", halved, square_window(2, 2));
}

}  // namespace

Network densenet161(std::int64_t image_size, std::int64_t classes) {
    NetworkBuilder net = start("densenet161", image_size, min_densenet_size, classes);
    NodeId x = net.conv2d("features.conv0", net.input(), same_conv(2 * growth, 7, 2));
    x = net.relu("features.relu0", net.batch_norm("features.norm0", x));
    x = net.max_pool("features.pool0", x, square_window(3, 2, 1));
    const std::array<int, 4> layers{6, 12, 36, 24};
    for (std::size_t block = 1; block <= layers.size(); ++block) {
        x = dense_block(net, "features.denseblock" + std::to_string(block), x, layers[block - 1]);
        if (block < layers.size()) x = transition(net, "features.transition" + std::to_string(block), x);
    }
    x = net.relu("relu", net.batch_norm("features.norm5", x));
    return net.finish(pooled_classifier(net, x, "classifier", classes));
}

}  // namespace npusim::zoo_families
