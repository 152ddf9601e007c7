// Parameters and multiply-accumulates against the figures that torchvision and the CIFAR ResNets' authors publish, and
// parameter names and shapes against torchvision's state_dict.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "npusim/models/graph/zoo.h"
#include "support/test_data.h"

namespace npusim {
namespace {

using Shape = std::vector<std::int64_t>;
using Shapes = std::map<std::string, Shape>;

Shapes shapes_of(const Network& network) {
    Shapes shapes;
    for (const auto& spec : parameters_of(network)) shapes.emplace(spec.name, spec.shape);
    return shapes;
}

void check_shapes(const std::string& model, std::size_t tensors, const Shapes& wanted) {
    const Shapes shapes = shapes_of(make_network(model));
    CHECK(shapes.size() == tensors);
    for (const auto& [name, shape] : wanted) {
        CAPTURE(model, name);
        REQUIRE(shapes.count(name) == 1);
        CHECK(shapes.at(name) == shape);
    }
}

/// Name and shape of every tensor in a safetensors header.
Shapes shapes_in(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::uint64_t length = 0;
    for (unsigned byte = 0; byte < 8; ++byte) length |= static_cast<std::uint64_t>(file.get()) << (8 * byte);
    std::string header(length, '\0');
    file.read(header.data(), static_cast<std::streamsize>(length));
    Shapes shapes;
    const auto parsed = nlohmann::json::parse(header);
    for (const auto& [name, entry] : parsed.items()) {
        if (name != "__metadata__") shapes.emplace(name, entry.at("shape").get<Shape>());
    }
    return shapes;
}

}  // namespace

TEST_CASE("The seven ImageNet networks have exactly torchvision's parameters and multiply-accumulates") {
    struct Published {
        std::string name;
        std::int64_t parameters, macs;
    };
    const auto wanted = GENERATE(values<Published>({{"resnet18", 11689512, 1814073344},
                                                    {"resnet34", 21797672, 3663761408},
                                                    {"resnet50", 25557032, 4089184256},
                                                    {"resnet152", 60192808, 11513626624},
                                                    {"inception_v3", 27161264, 5713216096},
                                                    {"densenet161", 28681000, 7727907072},
                                                    {"vgg16_bn", 138365992, 15470264320}}));
    const Network network = make_network(wanted.name);
    CAPTURE(wanted.name);
    CHECK(count_parameters(network) == wanted.parameters);
    CHECK(count_macs(network) == wanted.macs);
    CHECK(network.classes() == 1000);
}

TEST_CASE("The CIFAR ResNets have the published parameters, and their work follows from their depth") {
    struct Published {
        std::string name;
        std::int64_t depth, parameters;
    };
    const auto wanted = GENERATE(values<Published>({{"resnet20", 20, 269722},
                                                    {"resnet32", 32, 464154},
                                                    {"resnet44", 44, 658586},
                                                    {"resnet56", 56, 853018},
                                                    {"resnet110", 110, 1727962}}));
    const Network network = make_network(wanted.name);
    CAPTURE(wanted.name);
    CHECK(count_parameters(network) == wanted.parameters);
    // A 3x3 layer between equal channels costs the same in each stage: channels double where the area is quartered.
    const std::int64_t blocks = (wanted.depth - 2) / 6;
    const std::int64_t layer = 16 * 16 * 9 * 32 * 32;
    CHECK(count_macs(network) == 3 * 16 * 9 * 32 * 32 + 6 * blocks * layer - 2 * layer / 2 + 64 * 10);
    CHECK(network.classes() == 10);
}

TEST_CASE("The CIFAR ResNets' names and shapes are those of the published checkpoints, no more and no less") {
    const auto name = GENERATE(as<std::string>(), "resnet20", "resnet56");
    const std::string file = "models/cifar10_" + name + ".safetensors";
    const auto data = test::data_folder(file);
    if (!data) return;
    CHECK(shapes_of(make_network(name)) == shapes_in(*data / file));
}

TEST_CASE("ResNet-18 and ResNet-34 have torchvision's parameter names and shapes") {
    check_shapes("resnet18", 102,
                 {{"conv1.weight", {64, 3, 7, 7}},
                  {"bn1.running_var", {64}},
                  {"layer1.1.conv2.weight", {64, 64, 3, 3}},
                  {"layer2.0.conv1.weight", {128, 64, 3, 3}},
                  {"layer2.0.downsample.0.weight", {128, 64, 1, 1}},
                  {"layer2.0.downsample.1.running_mean", {128}},
                  {"layer4.1.bn2.bias", {512}},
                  {"fc.weight", {1000, 512}},
                  {"fc.bias", {1000}}});
    check_shapes("resnet34", 182,
                 {{"layer1.2.conv1.weight", {64, 64, 3, 3}},
                  {"layer2.3.bn2.weight", {128}},
                  {"layer3.5.conv2.weight", {256, 256, 3, 3}},
                  {"layer4.0.downsample.0.weight", {512, 256, 1, 1}},
                  {"layer4.2.conv2.weight", {512, 512, 3, 3}}});
    CHECK(shapes_of(make_network("resnet34")).count("layer1.0.downsample.0.weight") == 0);
}

TEST_CASE("ResNet-50 and ResNet-152 have torchvision's parameter names and shapes") {
    check_shapes("resnet50", 267,
                 {{"layer1.0.conv1.weight", {64, 64, 1, 1}},
                  {"layer1.0.downsample.0.weight", {256, 64, 1, 1}},
                  {"layer1.1.conv1.weight", {64, 256, 1, 1}},
                  {"layer2.0.conv2.weight", {128, 128, 3, 3}},
                  {"layer3.5.conv3.weight", {1024, 256, 1, 1}},
                  {"layer4.0.downsample.1.weight", {2048}},
                  {"fc.weight", {1000, 2048}}});
    check_shapes("resnet152", 777,
                 {{"layer2.7.bn3.weight", {512}},
                  {"layer3.35.conv3.weight", {1024, 256, 1, 1}},
                  {"layer4.2.conv1.weight", {512, 2048, 1, 1}}});
    const Network network = make_network("resnet50");
    for (const auto& node : network.nodes) {
        if (node.name == "layer2.0.conv1") CHECK(node.window.stride_height == 1);
        if (node.name == "layer2.0.conv2") CHECK(node.window.stride_height == 2);
    }
}

TEST_CASE("Inception-v3 has torchvision's parameter names and shapes") {
    check_shapes("inception_v3", 484,
                 {{"Conv2d_1a_3x3.conv.weight", {32, 3, 3, 3}},
                  {"Conv2d_2b_3x3.bn.running_var", {64}},
                  {"Conv2d_3b_1x1.conv.weight", {80, 64, 1, 1}},
                  {"Conv2d_4a_3x3.conv.weight", {192, 80, 3, 3}},
                  {"Mixed_5b.branch5x5_2.conv.weight", {64, 48, 5, 5}},
                  {"Mixed_5b.branch_pool.conv.weight", {32, 192, 1, 1}},
                  {"Mixed_5d.branch3x3dbl_3.conv.weight", {96, 96, 3, 3}},
                  {"Mixed_6a.branch3x3.conv.weight", {384, 288, 3, 3}},
                  {"Mixed_6b.branch7x7_2.conv.weight", {128, 128, 1, 7}},
                  {"Mixed_6c.branch7x7dbl_4.conv.weight", {160, 160, 7, 1}},
                  {"Mixed_6e.branch7x7dbl_5.conv.weight", {192, 192, 1, 7}},
                  {"AuxLogits.conv0.conv.weight", {128, 768, 1, 1}},
                  {"AuxLogits.conv1.conv.weight", {768, 128, 5, 5}},
                  {"AuxLogits.conv1.bn.bias", {768}},
                  {"AuxLogits.fc.weight", {1000, 768}},
                  {"Mixed_7a.branch7x7x3_4.conv.weight", {192, 192, 3, 3}},
                  {"Mixed_7b.branch3x3_2a.conv.weight", {384, 384, 1, 3}},
                  {"Mixed_7b.branch3x3dbl_1.conv.weight", {448, 1280, 1, 1}},
                  {"Mixed_7c.branch3x3dbl_3b.conv.weight", {384, 384, 3, 1}},
                  {"Mixed_7c.branch_pool.conv.weight", {192, 2048, 1, 1}},
                  {"fc.weight", {1000, 2048}}});
}

TEST_CASE("DenseNet-161 has torchvision's parameter names and shapes") {
    check_shapes("densenet161", 806,
                 {{"features.conv0.weight", {96, 3, 7, 7}},
                  {"features.norm0.running_mean", {96}},
                  {"features.denseblock1.denselayer1.norm1.weight", {96}},
                  {"features.denseblock1.denselayer1.conv1.weight", {192, 96, 1, 1}},
                  {"features.denseblock1.denselayer6.conv2.weight", {48, 192, 3, 3}},
                  {"features.transition1.norm.weight", {384}},
                  {"features.transition1.conv.weight", {192, 384, 1, 1}},
                  {"features.denseblock3.denselayer36.norm1.bias", {2064}},
                  {"features.transition3.conv.weight", {1056, 2112, 1, 1}},
                  {"features.norm5.running_var", {2208}},
                  {"classifier.weight", {1000, 2208}}});
}

TEST_CASE("VGG-16bn has torchvision's parameter names and shapes") {
    check_shapes("vgg16_bn", 84,
                 {{"features.0.weight", {64, 3, 3, 3}},
                  {"features.0.bias", {64}},
                  {"features.1.running_mean", {64}},
                  {"features.7.weight", {128, 64, 3, 3}},
                  {"features.24.weight", {512, 256, 3, 3}},
                  {"features.40.weight", {512, 512, 3, 3}},
                  {"features.41.bias", {512}},
                  {"classifier.0.weight", {4096, 25088}},
                  {"classifier.3.weight", {4096, 4096}},
                  {"classifier.6.bias", {1000}}});
    const Network network = make_network("vgg16_bn");
    CHECK(std::any_of(network.nodes.begin(), network.nodes.end(),
                      [](const Node& node) { return node.name == "features.43" && node.op == OpKind::max_pool; }));
}

}  // namespace npusim
