// The families that the zoo's table is made of, and the few pieces that they share.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "npusim/models/graph/network_builder.h"

namespace npusim::zoo_families {

inline constexpr std::int64_t min_resnet_size = 32;
inline constexpr std::int64_t min_cifar_size = 8;
/// Below it the last 3x3 window of stride 2 finds less than three pixels.
inline constexpr std::int64_t min_inception_size = 75;
inline constexpr std::int64_t min_densenet_size = 32;
inline constexpr std::int64_t min_vgg_size = 32;
/// Below it the third pooling finds less than two pixels.
inline constexpr std::int64_t min_squeezenet_size = 19;
inline constexpr std::int64_t min_fdmobilenet_size = 32;

/// He et al., "Deep Residual Learning for Image Recognition", 2016; `blocks` per stage.
Network basic_resnet(const std::string& name, const std::array<int, 4>& blocks, std::int64_t image_size,
                     std::int64_t classes);
/// The v1.5 variant that torchvision has: the 3x3 convolution of a bottleneck holds the stride.
Network bottleneck_resnet(const std::string& name, const std::array<int, 4>& blocks, std::int64_t image_size,
                          std::int64_t classes);
/// Section 4.2 of the same paper: three stages of `blocks` basic blocks, shortcuts without parameters (option A).
Network cifar_resnet(const std::string& name, int blocks, std::int64_t image_size, std::int64_t classes);
/// Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016.
Network inception_v3(std::int64_t image_size, std::int64_t classes);
/// Huang et al., "Densely Connected Convolutional Networks", 2017; growth rate 48.
Network densenet161(std::int64_t image_size, std::int64_t classes);
/// Simonyan and Zisserman, "Very Deep Convolutional Networks", 2015: configuration D, with batch norm.
Network vgg16_bn(std::int64_t image_size, std::int64_t classes);
/// Iandola et al., "SqueezeNet", 2016: version 1.1, as published for Caffe.
Network squeezenet1_1(std::int64_t image_size, std::int64_t classes);
/// Qin et al., "FD-MobileNet: Improved MobileNet with a Fast Downsampling Strategy", 2018; half the channels.
Network fdmobilenet_0_5(std::int64_t image_size, std::int64_t classes);

/// A builder whose input is an RGB image. Throws InputError for a size below `min_image_size` or no classes.
NetworkBuilder start(const std::string& name, std::int64_t image_size, std::int64_t min_image_size,
                     std::int64_t classes);
[[noreturn]] void refuse_image_size(const std::string& name, std::int64_t image_size, const std::string& allowed);

/// kernel x kernel, padded so that stride 1 keeps the image's size.
Conv2dSpec same_conv(std::int64_t out_channels, std::int64_t kernel, std::int64_t stride = 1);
Window square_window(std::int64_t kernel, std::int64_t stride, std::int64_t pad = 0);
/// A piece of a stage: the net, the name of its block, the node it begins at, output channels, stride.
using Part = NodeId (*)(NetworkBuilder&, const std::string&, NodeId, std::int64_t, std::int64_t);
/// Two 3x3 convolutions and what `shortcut` makes of their input, added.
NodeId basic_block(NetworkBuilder& net, const std::string& block, NodeId from, std::int64_t channels,
                   std::int64_t stride, Part shortcut);
/// Global average pooling, flatten and a linear layer called `classifier`; gives the logits.
NodeId pooled_classifier(NetworkBuilder& net, NodeId from, const std::string& classifier, std::int64_t classes);

}  // namespace npusim::zoo_families
