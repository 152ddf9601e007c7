#include <utility>
#include <vector>

#include "zoo_families.h"

namespace npusim::zoo_families {
namespace {

constexpr double epsilon = 0.001;
/// What the auxiliary head needs: average pooling 5x5 of stride 3, then a 5x5 convolution without padding.
constexpr std::int64_t min_aux_extent = 17;

/// torchvision's BasicConv2d: convolution without bias, batch norm, ReLU.
NodeId basic_conv(NetworkBuilder& net, const std::string& name, NodeId from, const Conv2dSpec& spec) {
    const NodeId x = net.conv2d(name + ".conv", from, spec);
    return net.relu(name + ".relu", net.batch_norm(name + ".bn", x, epsilon));
}

Conv2dSpec valid_conv(std::int64_t channels, std::int64_t kernel, std::int64_t stride) {
    Conv2dSpec spec = same_conv(channels, kernel, stride);
    spec.pad_height = spec.pad_width = 0;
    return spec;
}

/// The blocks A to E of torchvision, and the auxiliary head; names follow its modules.
class Inception {
public:
    Inception(NetworkBuilder& net, std::string block) : net_(net), prefix_(std::move(block) + ".") {}

    NodeId block_a(NodeId from, std::int64_t pool_channels) {
        const NodeId one = same("branch1x1", from, 64);
        const NodeId five = same("branch5x5_2", same("branch5x5_1", from, 48), 64, 5, 5);
        NodeId three = same("branch3x3dbl_2", same("branch3x3dbl_1", from, 64), 96, 3, 3);
        three = same("branch3x3dbl_3", three, 96, 3, 3);
        return cat({one, five, three, pool_branch(from, pool_channels)});
    }

    NodeId block_b(NodeId from) {
        const NodeId three = valid("branch3x3", from, 384, 3, 2);
        NodeId twice = same("branch3x3dbl_2", same("branch3x3dbl_1", from, 64), 96, 3, 3);
        twice = valid("branch3x3dbl_3", twice, 96, 3, 2);
        return cat({three, twice, max_pool(from)});
    }

    NodeId block_c(NodeId from, std::int64_t channels) {
        const NodeId one = same("branch1x1", from, 192);
        NodeId seven = same("branch7x7_2", same("branch7x7_1", from, channels), channels, 1, 7);
        seven = same("branch7x7_3", seven, 192, 7, 1);
        NodeId twice = same("branch7x7dbl_2", same("branch7x7dbl_1", from, channels), channels, 7, 1);
        twice = same("branch7x7dbl_3", twice, channels, 1, 7);
        twice = same("branch7x7dbl_4", twice, channels, 7, 1);
        twice = same("branch7x7dbl_5", twice, 192, 1, 7);
        return cat({one, seven, twice, pool_branch(from, 192)});
    }

    NodeId block_d(NodeId from) {
        const NodeId three = valid("branch3x3_2", same("branch3x3_1", from, 192), 320, 3, 2);
        NodeId seven = same("branch7x7x3_2", same("branch7x7x3_1", from, 192), 192, 1, 7);
        seven = same("branch7x7x3_3", seven, 192, 7, 1);
        seven = valid("branch7x7x3_4", seven, 192, 3, 2);
        return cat({three, seven, max_pool(from)});
    }

    /// torchvision concatenates the split branches first; one flat concat gives the same channels.
    NodeId block_e(NodeId from) {
        const NodeId one = same("branch1x1", from, 320);
        const NodeId three = same("branch3x3_1", from, 384);
        const NodeId three_a = same("branch3x3_2a", three, 384, 1, 3);
        const NodeId three_b = same("branch3x3_2b", three, 384, 3, 1);
        const NodeId twice = same("branch3x3dbl_2", same("branch3x3dbl_1", from, 448), 384, 3, 3);
        const NodeId twice_a = same("branch3x3dbl_3a", twice, 384, 1, 3);
        const NodeId twice_b = same("branch3x3dbl_3b", twice, 384, 3, 1);
        return cat({one, three_a, three_b, twice_a, twice_b, pool_branch(from, 192)});
    }

    void auxiliary_head(NodeId from, std::int64_t classes) {
        net_.set_training_only(true);
        NodeId x = net_.average_pool(prefix_ + "avg_pool2d", from, square_window(5, 3));
        x = valid("conv1", same("conv0", x, 128), 768, 5, 1);
        x = net_.adaptive_average_pool(prefix_ + "adaptive_avg_pool2d", x, 1, 1);
        net_.linear(prefix_ + "fc", net_.flatten(prefix_ + "flatten", x), classes);
        net_.set_training_only(false);
    }

private:
    NodeId same(const std::string& name, NodeId from, std::int64_t channels, std::int64_t height = 1,
                std::int64_t width = 1) {
        Conv2dSpec spec;
        spec.out_channels = channels;
        spec.kernel_height = height;
        spec.kernel_width = width;
        spec.pad_height = height / 2;
        spec.pad_width = width / 2;
        return basic_conv(net_, prefix_ + name, from, spec);
    }
    NodeId valid(const std::string& name, NodeId from, std::int64_t channels, std::int64_t kernel,
                 std::int64_t stride) {
        return basic_conv(net_, prefix_ + name, from, valid_conv(channels, kernel, stride));
    }
    NodeId pool_branch(NodeId from, std::int64_t channels) {
        const NodeId pooled = net_.average_pool(prefix_ + "avg_pool2d", from, square_window(3, 1, 1));
        return same("branch_pool", pooled, channels);
    }
    NodeId max_pool(NodeId from) { return net_.max_pool(prefix_ + "max_pool2d", from, square_window(3, 2)); }
    NodeId cat(const std::vector<NodeId>& parts) { return net_.concat(prefix_ + "cat", parts); }

    NetworkBuilder& net_;
    std::string prefix_;
};

NodeId stem(NetworkBuilder& net) {
    NodeId x = basic_conv(net, "Conv2d_1a_3x3", net.input(), valid_conv(32, 3, 2));
    x = basic_conv(net, "Conv2d_2a_3x3", x, valid_conv(32, 3, 1));
    x = basic_conv(net, "Conv2d_2b_3x3", x, same_conv(64, 3));
    x = net.max_pool("maxpool1", x, square_window(3, 2));
    x = basic_conv(net, "Conv2d_3b_1x1", x, valid_conv(80, 1, 1));
    x = basic_conv(net, "Conv2d_4a_3x3", x, valid_conv(192, 3, 1));
    return net.max_pool("maxpool2", x, square_window(3, 2));
}

}  // namespace

Network inception_v3(std::int64_t image_size, std::int64_t classes) {
    NetworkBuilder net = start("inception_v3", image_size, min_inception_size, classes);
    NodeId x = stem(net);
    x = Inception(net, "Mixed_5b").block_a(x, 32);
    x = Inception(net, "Mixed_5c").block_a(x, 64);
    x = Inception(net, "Mixed_5d").block_a(x, 64);
    x = Inception(net, "Mixed_6a").block_b(x);
    x = Inception(net, "Mixed_6b").block_c(x, 128);
    x = Inception(net, "Mixed_6c").block_c(x, 160);
    x = Inception(net, "Mixed_6d").block_c(x, 160);
    x = Inception(net, "Mixed_6e").block_c(x, 192);
    if (net.shape(x).height >= min_aux_extent) Inception(net, "AuxLogits").auxiliary_head(x, classes);
    x = Inception(net, "Mixed_7a").block_d(x);
    x = Inception(net, "Mixed_7b").block_e(x);
    x = Inception(net, "Mixed_7c").block_e(x);
    x = net.dropout("dropout", net.adaptive_average_pool("avgpool", x, 1, 1), 0.5);
    return net.finish(net.linear("fc", net.flatten("flatten", x), classes));
}

}  // namespace npusim::zoo_families
