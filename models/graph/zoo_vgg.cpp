#include <utility>

#include "zoo_families.h"

namespace npusim::zoo_families {
namespace {

/// torchvision counts the modules of a sequence, so the names are numbers.
class Sequence {
public:
    explicit Sequence(std::string prefix) : prefix_(std::move(prefix)) {}
    std::string next() { return prefix_ + "." + std::to_string(count_++); }

private:
    std::string prefix_;
    int count_ = 0;
};

NodeId convolutions(NetworkBuilder& net) {
    struct Stage {
        std::int64_t channels;
        int convolutions;
    };
    Sequence names("features");
    NodeId x = net.input();
    for (const Stage stage : {Stage{64, 2}, {128, 2}, {256, 3}, {512, 3}, {512, 3}}) {
        for (int i = 0; i < stage.convolutions; ++i) {
            Conv2dSpec spec = same_conv(stage.channels, 3);
            spec.bias = true;
            x = net.conv2d(names.next(), x, spec);
            x = net.batch_norm(names.next(), x);
            x = net.relu(names.next(), x);
        }
        x = net.max_pool(names.next(), x, square_window(2, 2));
    }
    return x;
}

}  // namespace

Network vgg16_bn(std::int64_t image_size, std::int64_t classes) {
    if (image_size != min_vgg_size && (image_size <= 0 || image_size % 224 != 0)) {
        refuse_image_size("vgg16_bn", image_size,
                          "32 and multiples of 224 (the windows of its 7x7 adaptive pooling must all be alike)");
    }
    NetworkBuilder net = start("vgg16_bn", image_size, min_vgg_size, classes);
    NodeId x = net.flatten("flatten", net.adaptive_average_pool("avgpool", convolutions(net), 7, 7));
    Sequence names("classifier");
    for (int hidden = 0; hidden < 2; ++hidden) {
        x = net.linear(names.next(), x, 4096);
        x = net.relu(names.next(), x);
        x = net.dropout(names.next(), x, 0.5);
    }
    return net.finish(net.linear(names.next(), x, classes));
}

}  // namespace npusim::zoo_families
