// ResNet-20 with its published weights on CIFAR-10 images: machine = engine = reference.
#include <catch2/catch.hpp>

#include "npusim/models/exchange/safetensors.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/workloads/datasets/dataset.h"
#include "support/calibrated.h"
#include "support/simulate_in_child.h"
#include "support/test_data.h"

namespace npusim {

namespace {

std::vector<std::vector<float>> normalized(const Dataset& images) {
    std::vector<std::vector<float>> all;
    for (std::int64_t i = 0; i < images.size(); ++i) {
        all.push_back(
            normalize_image(images.image(i), images.image_shape, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}));
    }
    return all;
}

/// In a child: engine and reference on image 0, engine and machine on all images.
RunResult run_case(const std::filesystem::path& data, int bits) {
    const Network network = make_network("resnet20");
    const auto parameters = load_parameters(read_safetensors(data / "models/cifar10_resnet20.safetensors"), network);
    const ArchSpec arch =
        read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / ("int" + std::to_string(bits) + "_array.json"));
    const QuantizedNetwork quantized = test::quantize_calibrated(
        network, parameters, arch.precision, arch.array.accumulator_bits, normalized(read_cifar10_train(data, 16)));
    Dataset test_images = read_cifar10_test(data);
    test_images.labels.resize(4);
    std::vector<test::Image> images;
    for (const auto& image : normalized(test_images)) images.push_back(quantize_image(quantized, image));
    const IntegerEngine engine(quantized);
    if (const auto differs = test::difference(quantized, reference_run(quantized, images[0]),
                                              [&] {
                                                  std::vector<test::Image> tensors;
                                                  for (auto& tensor : engine.run_all(images[0]))
                                                      tensors.push_back(std::move(tensor.values));
                                                  return tensors;
                                              }());
        !differs.empty()) {
        throw std::runtime_error("engine and reference: " + differs);
    }
    return test::simulate_and_compare(quantized, arch, lower(quantized, arch), images,
                                      [&](const test::Image& image) { return engine.run_all(image); });
}

}  // namespace

TEST_CASE("ResNet-20 has the same integers on machine, engine and reference, at 8, 4 and 2 bits") {
    const auto data = test::data_folder("models/cifar10_resnet20.safetensors");
    if (!data) return;
    std::vector<WorkerJob> jobs;
    for (const int bits : {8, 4, 2}) {
        jobs.emplace_back([&data, bits](const FractionSink&) { return run_case(*data, bits); });
    }
    const auto outcomes = run_in_workers(jobs);
    for (const auto& outcome : outcomes) {
        const auto* failure = std::get_if<WorkerFailure>(&outcome);
        INFO((failure != nullptr ? failure->reason : ""));
        REQUIRE(failure == nullptr);
        const RunResult& result = std::get<RunResult>(outcome);
        CHECK(result.logits.size() == 4);
        CHECK(result.total.accumulator_overflows == 0);
        CHECK(result.logits[0] != result.logits[1]);
    }
}

}  // namespace npusim
