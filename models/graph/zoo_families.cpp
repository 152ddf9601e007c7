#include "zoo_families.h"

#include "npusim/base/error.h"

namespace npusim::zoo_families {

void refuse_image_size(const std::string& name, std::int64_t image_size, const std::string& allowed) {
    throw InputError(name, "image size",
                     std::to_string(image_size) + " px is not possible for this network, allowed: " + allowed);
}

NetworkBuilder start(const std::string& name, std::int64_t image_size, std::int64_t min_image_size,
                     std::int64_t classes) {
    if (image_size < min_image_size) {
        refuse_image_size(name, image_size, std::to_string(min_image_size) + " px or more");
    }
    if (classes < 1) throw InputError(name, "classes", std::to_string(classes) + " is too few, allowed: 1 or more");
    return {name, {3, image_size, image_size}};
}

Conv2dSpec same_conv(std::int64_t out_channels, std::int64_t kernel, std::int64_t stride) {
    Conv2dSpec spec;
    spec.out_channels = out_channels;
    spec.kernel_height = spec.kernel_width = kernel;
    spec.stride = stride;
    spec.pad_height = spec.pad_width = kernel / 2;
    return spec;
}

Window square_window(std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
    Window window;
    window.kernel_height = window.kernel_width = kernel;
    window.stride_height = window.stride_width = stride;
    window.pad_top = window.pad_bottom = window.pad_left = window.pad_right = pad;
    return window;
}

NodeId basic_block(NetworkBuilder& net, const std::string& block, NodeId from, std::int64_t channels,
                   std::int64_t stride, Part shortcut) {
    NodeId x = net.conv2d(block + ".conv1", from, same_conv(channels, 3, stride));
    x = net.relu(block + ".relu", net.batch_norm(block + ".bn1", x));
    x = net.conv2d(block + ".conv2", x, same_conv(channels, 3));
    x = net.batch_norm(block + ".bn2", x);
    x = net.add(block + ".add", x, shortcut(net, block, from, channels, stride));
    return net.relu(block + ".relu_1", x);
}

NodeId pooled_classifier(NetworkBuilder& net, NodeId from, const std::string& classifier, std::int64_t classes) {
    const NodeId pooled = net.adaptive_average_pool("avgpool", from, 1, 1);
    return net.linear(classifier, net.flatten("flatten", pooled), classes);
}

}  // namespace npusim::zoo_families
