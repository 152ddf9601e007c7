// SqueezeNet 1.1 and FD-MobileNet 0.5, and what the zoo says about preparing images.
#include <algorithm>
#include <catch2/catch.hpp>

#include "npusim/models/engine/float_executor.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/workloads/datasets/folder_source.h"
#include "support/calibrated.h"

namespace npusim {
namespace {

const Node& node_called(const Network& network, const std::string& name) {
    const auto found =
        std::find_if(network.nodes.begin(), network.nodes.end(), [&](const Node& node) { return node.name == name; });
    REQUIRE(found != network.nodes.end());
    return *found;
}

}  // namespace

TEST_CASE("SqueezeNet 1.1 and FD-MobileNet 0.5 have the published parameters and maps") {
    const Network squeezenet = make_network("squeezenet1_1");
    CHECK(count_parameters(squeezenet) == 1'235'496);
    CHECK(squeezenet.classes() == 1000);
    CHECK(node_called(squeezenet, "conv1").shape == TensorShape{64, 113, 113});
    CHECK(node_called(squeezenet, "pool1").shape == TensorShape{64, 56, 56});
    CHECK(node_called(squeezenet, "fire9/concat").shape == TensorShape{512, 14, 14});
    const Network mobilenet = make_network("fdmobilenet_0_5");
    CHECK(count_parameters(mobilenet) == 993'928);
    CHECK(node_called(mobilenet, "features.pw_relu_10").shape == TensorShape{512, 7, 7});
    // 40 million multiply-accumulates, as published.
    CHECK(count_macs(mobilenet) > 39'500'000);
    CHECK(count_macs(mobilenet) < 40'500'000);
}

TEST_CASE("Both networks build at their smallest image size and are refused below it") {
    for (const char* name : {"squeezenet1_1", "fdmobilenet_0_5"}) {
        const ZooEntry& entry = zoo_entry(name);
        CHECK(entry.make(entry.min_image_size, 7).classes() == 7);
        CHECK_THROWS_WITH(entry.make(entry.min_image_size - 1, 7), Catch::Contains("px or more"));
    }
}

TEST_CASE("Both networks run as integers that equal the fp32 network but for the steps of 16 bits") {
    for (const char* name : {"squeezenet1_1", "fdmobilenet_0_5"}) {
        const Network network = zoo_entry(name).make(64, 30);
        const Parameters parameters = random_parameters(network, 3);
        const auto images = random_images(network.input_shape(), 4, 5);
        const auto quantized =
            test::quantize_calibrated(network, parameters, test::uniform_precision(16), 47, images, false);
        const FloatExecutor executor(network, parameters);
        for (const auto& image : images) {
            const auto real = executor.run(image);
            const auto integers = test::real_logits(quantized, image);
            REQUIRE(integers.size() == real.size());
            double error = 0;
            double power = 0;
            for (std::size_t i = 0; i < real.size(); ++i) {
                error += std::pow(integers[i] - double{real[i]}, 2);
                power += std::pow(double{real[i]}, 2);
            }
            CAPTURE(name);
            CHECK(power > 0);
            CHECK(error < 1e-5 * power);
        }
    }
}

TEST_CASE("The last layer is the last convolution, even where average pooling follows it") {
    PrecisionSpec precision;
    precision.weight_bits = precision.activation_bits = 4;
    precision.residual_bits = precision.first_last_bits = precision.input_bits = 8;
    const Network network = make_network("squeezenet1_1");
    const QuantizedNetwork quantized = quantize_structure(network, precision, 32);
    for (const QuantizedNode& node : quantized.nodes) {
        if (node.op != QuantizedOp::convolution) continue;
        CAPTURE(node.name);
        const bool at_an_end = node.name == "conv1" || node.name == "conv10";
        CHECK(node.weight_bits == (at_an_end ? 8 : 4));
        CHECK(node.input_bits == (at_an_end ? 8 : 4));
    }
}

TEST_CASE("Each ImageNet network says how its images are prepared, and no CIFAR network does") {
    for (const ZooEntry& entry : zoo()) {
        CAPTURE(entry.name);
        REQUIRE(entry.preprocessing.has_value() == (entry.classes == 1000));
        const Preprocessing usual = preprocessing_of(entry, entry.image_size);
        CHECK(usual.crop_px == entry.image_size);
        CHECK(usual.resize_px >= usual.crop_px);
        const Preprocessing half = preprocessing_of(entry, entry.image_size / 2);
        CHECK(half.crop_px == entry.image_size / 2);
        CHECK(half.resize_px == usual.resize_px * half.crop_px / usual.crop_px);
    }
    CHECK(preprocessing_of(zoo_entry("inception_v3"), 299).resize_px == 342);
    CHECK(preprocessing_of(zoo_entry("resnet50"), 224).resize_px == 256);
    CHECK(preprocessing_of(zoo_entry("resnet20"), 32).resize_px == 32);
    CHECK(preprocessing_of(zoo_entry("squeezenet1_1"), 227).bgr);
}

TEST_CASE("SqueezeNet's input is blue first and unscaled, minus Caffe's means") {
    const Normalization normalization = normalization_of(*zoo_entry("squeezenet1_1").preprocessing);
    const std::vector<std::uint8_t> image{1, 2, 30, 40, 200, 255};  // two red, two green, two blue
    const std::vector<float> expected{200 - 104, 255 - 104, 30 - 117, 40 - 117, 1 - 123, 2 - 123};
    CHECK(normalize_image(image, {3, 1, 2}, normalization) == expected);
    std::vector<float> interleaved(6);
    ImageNormalizer(normalization).write_nhwc(image, {3, 1, 2}, interleaved);
    CHECK(interleaved == std::vector<float>{96, -87, -122, 151, -77, -121});
}

}  // namespace npusim
