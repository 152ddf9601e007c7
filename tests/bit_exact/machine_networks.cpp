// The seven networks of the paper at reduced resolution: machine = integer engine to the bit, and the networks are
// alive, so that equality says something.
#include <catch2/catch.hpp>

#include "npusim/models/graph/zoo.h"
#include "support/calibrated.h"
#include "support/simulate_in_child.h"

namespace npusim {

namespace {

struct Case {
    const char* model;
    std::int64_t image_size;
    int bits;
    /// Steps that are powers of two are searched among 4 candidates instead of 80: quicker for networks of many
    /// weights.
    ScaleKind scales;
};

ArchSpec preset(int bits) {
    return read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" /
                     ("int" + std::to_string(bits) + "_array.json"));
}

/// Throws unless the tensor has a spread of values over all images.
void check_alive(const QuantizedTensor& tensor, const std::vector<std::vector<std::int32_t>>& values) {
    const IntegerRange range = tensor.range();
    double zeros = 0;
    double saturated = 0;
    double count = 0;
    for (const auto& image : values) {
        for (const std::int32_t value : image) {
            zeros += value == 0 ? 1 : 0;
            saturated += value == range.high || (value == range.low && value != 0) ? 1 : 0;
            count += 1;
        }
    }
    const auto percent = [&](double part) { return std::to_string(100 * part / count) + " %"; };
    if (zeros > 0.95 * count) throw std::runtime_error(tensor.name + " is dead: " + percent(zeros) + " zeros");
    if (saturated > 0.95 * count) throw std::runtime_error(tensor.name + " is saturated: " + percent(saturated));
}

void check_network_alive(const QuantizedNetwork& network, const std::vector<std::vector<IntegerTensor>>& runs) {
    for (TensorId id = 0; id < network.tensors.size(); ++id) {
        std::vector<std::vector<std::int32_t>> values;
        for (const auto& run : runs) values.push_back(run[id].values);
        check_alive(network.tensors[id], values);
    }
    if (runs[0][network.output].values == runs[1][network.output].values) {
        throw std::runtime_error("two images have the same logits");
    }
}

/// In a child: quantizes, runs two images on engine and machine, and throws for any difference.
RunResult run_case(const Case& wanted) {
    const Network network = make_network(wanted.model, wanted.image_size);
    ArchSpec arch = preset(wanted.bits);
    arch.precision.scales = wanted.scales;
    const Parameters parameters = random_parameters(network, 5);
    const auto calibration = random_images(network.input_shape(), 4, 6);
    const QuantizedNetwork quantized =
        test::quantize_calibrated(network, parameters, arch.precision, arch.array.accumulator_bits, calibration);
    const IntegerEngine engine(quantized);
    std::vector<test::Image> images;
    std::vector<std::vector<IntegerTensor>> expected;
    for (const auto& image : random_images(network.input_shape(), 2, 7)) {
        images.push_back(quantize_image(quantized, image));
        expected.push_back(engine.run_all(images.back()));
    }
    check_network_alive(quantized, expected);
    const Program program = lower(quantized, arch);
    const RunResult result =
        test::simulate_and_compare(quantized, arch, program, images,
                                   [&](const test::Image& image) { return expected[image == images[0] ? 0 : 1]; });
    if (result.logits[1] != engine.run(images[1])) throw std::runtime_error("logits differ");
    if (result.total.macs != static_cast<std::uint64_t>(count_macs(network))) throw std::runtime_error("MACs differ");
    return result;
}

void check_cases(const std::vector<Case>& cases) {
    std::vector<WorkerJob> jobs;
    for (const Case& one : cases) jobs.emplace_back([&one](const FractionSink&) { return run_case(one); });
    const auto outcomes = run_in_workers(jobs);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const auto* failure = std::get_if<WorkerFailure>(&outcomes[i]);
        INFO(cases[i].model << " at " << cases[i].bits << " bits: " << (failure != nullptr ? failure->reason : ""));
        CHECK(failure == nullptr);
    }
}

}  // namespace

TEST_CASE("The machine equals the engine on ResNet-18 and ResNet-34 of random weights, at 8 and 4 bits") {
    check_cases({{"resnet18", 64, 8, ScaleKind::free},
                 {"resnet18", 64, 4, ScaleKind::free},
                 {"resnet34", 32, 8, ScaleKind::power_of_two},
                 {"resnet34", 64, 4, ScaleKind::power_of_two}});
}

TEST_CASE("The machine equals the engine on ResNet-50 and ResNet-152 of random weights, at 8 and 4 bits") {
    check_cases({{"resnet50", 64, 8, ScaleKind::free},
                 {"resnet50", 64, 4, ScaleKind::power_of_two},
                 {"resnet152", 32, 8, ScaleKind::power_of_two},
                 {"resnet152", 64, 4, ScaleKind::power_of_two}});
}

TEST_CASE("The machine equals the engine on Inception-v3 of random weights, at 8 and 4 bits") {
    check_cases({{"inception_v3", 75, 8, ScaleKind::power_of_two}, {"inception_v3", 75, 4, ScaleKind::free}});
}

TEST_CASE("The machine equals the engine on DenseNet-161 of random weights, at 8 and 4 bits") {
    check_cases({{"densenet161", 64, 8, ScaleKind::power_of_two}, {"densenet161", 32, 4, ScaleKind::free}});
}

TEST_CASE("The machine equals the engine on VGG-16 of random weights, at 8 and 4 bits") {
    check_cases({{"vgg16_bn", 32, 8, ScaleKind::power_of_two}, {"vgg16_bn", 32, 4, ScaleKind::power_of_two}});
}

}  // namespace npusim
