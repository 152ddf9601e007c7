// Whole networks through the integer engine, many images at a time: the dot products of the processor and the portable
// kernels give the same logits, and those of the reference.
#include <catch2/catch.hpp>

#include "npusim/models/exchange/safetensors.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/workloads/datasets/dataset.h"
#include "support/calibrated.h"
#include "support/test_data.h"

namespace npusim {

namespace {

using Integers = std::vector<std::int32_t>;

Integers quantized_images(const QuantizedNetwork& network, const std::vector<std::vector<float>>& images) {
    Integers integers;
    for (const auto& image : images) {
        const Integers own = quantize_image(network, image);
        integers.insert(integers.end(), own.begin(), own.end());
    }
    return integers;
}

/// Gives the logits.
Integers check_kernels_agree(const QuantizedNetwork& network, const Integers& images) {
    const IntegerEngine fastest(network);
    Integers logits = fastest.run_batch(images);
    CHECK(logits == IntegerEngine(network, EngineKernels::portable).run_batch(images));
    const auto size = static_cast<std::size_t>(network.tensors[0].shape.elements());
    const auto classes = static_cast<std::size_t>(network.tensors[network.output].shape.elements());
    const std::size_t last = images.size() / size - 1;
    const Integers alone = fastest.run(std::span(images).subspan(last * size, size));
    CHECK(alone == Integers(logits.begin() + static_cast<std::ptrdiff_t>(last * classes), logits.end()));
    return logits;
}

void check_network(const char* model, std::int64_t image_size, int bits) {
    INFO(model << " at " << bits << " bits");
    const Network network = make_network(model, image_size);
    PrecisionSpec precision = test::uniform_precision(bits);
    precision.scales = ScaleKind::power_of_two;
    const auto calibration = random_images(network.input_shape(), 4, 6);
    const QuantizedNetwork quantized =
        test::quantize_calibrated(network, random_parameters(network, 5), precision, 47, calibration);
    const std::int64_t count = IntegerEngine(quantized).images_at_once() + 1;
    const Integers logits =
        check_kernels_agree(quantized, quantized_images(quantized, random_images(network.input_shape(), count, 7)));
    const auto classes = static_cast<std::ptrdiff_t>(network.classes());
    CHECK(Integers(logits.begin(), logits.begin() + classes) != Integers(logits.end() - classes, logits.end()));
}

std::vector<std::vector<float>> normalized(const Dataset& images) {
    std::vector<std::vector<float>> all;
    for (std::int64_t i = 0; i < images.size(); ++i) {
        all.push_back(normalize_image(images.image(i), images.image_shape, images.normalization));
    }
    return all;
}

}  // namespace

TEST_CASE("Batches of the residual networks have the same logits on both kinds of kernels") {
    check_network("resnet18", 64, 8);
    check_network("resnet34", 32, 4);
    check_network("resnet50", 64, 8);
    check_network("resnet152", 32, 4);
}

TEST_CASE("Batches of Inception-v3, DenseNet-161 and VGG-16 have the same logits on both kinds of kernels") {
    check_network("inception_v3", 75, 8);
    check_network("densenet161", 64, 8);
    check_network("vgg16_bn", 32, 8);
}

TEST_CASE("Batches through the published ResNet-20 have the reference's logits at 8, 4 and 2 bits") {
    const auto data = test::data_folder("models/cifar10_resnet20.safetensors");
    if (!data) return;
    const Network network = make_network("resnet20");
    const auto parameters = load_parameters(read_safetensors(*data / "models/cifar10_resnet20.safetensors"), network);
    const auto calibration = normalized(read_cifar10_train(*data, 16));
    Dataset test_images = read_cifar10_test(*data);
    test_images.labels.resize(50);
    for (const int bits : {8, 4, 2}) {
        INFO(bits << " bits");
        const QuantizedNetwork quantized =
            test::quantize_calibrated(network, parameters, test::uniform_precision(bits), 31, calibration);
        const Integers images = quantized_images(quantized, normalized(test_images));
        const Integers logits = check_kernels_agree(quantized, images);
        const auto size = static_cast<std::size_t>(network.input_shape().elements());
        const auto classes = static_cast<std::ptrdiff_t>(network.classes());
        for (const std::ptrdiff_t i : {std::ptrdiff_t{0}, std::ptrdiff_t{17}}) {
            const auto image = std::span(images).subspan(static_cast<std::size_t>(i) * size, size);
            const Integers expected = reference_run(quantized, image)[quantized.output].values;
            CHECK(Integers(logits.begin() + i * classes, logits.begin() + (i + 1) * classes) == expected);
        }
    }
}

}  // namespace npusim
