#include <tbb/global_control.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "npusim/base/error.h"
#include "npusim/models/finetune/analysis.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/weight_quantizer.h"
#include "support/analysis_inputs.h"

namespace npusim {
namespace {

using test::all_layers_at;
using test::complete_steps;
using test::random_source;
using test::tiny_network;

constexpr int kAccumulatorBits = 47;

}  // namespace

TEST_CASE("Each bit gives random weights about 6 dB more signal to quantization noise") {
    const Network network = make_network("resnet20");
    const Parameters parameters = random_parameters(network, 1);
    PrecisionSpec precision = all_layers_at(3);
    auto before = weight_quantization_noise(network, parameters, precision);
    REQUIRE(before.size() == 20);
    for (int bits = 4; bits <= 8; ++bits) {
        const auto now = weight_quantization_noise(network, parameters, all_layers_at(bits));
        for (std::size_t i = 0; i < now.size(); ++i) {
            INFO(now[i].name << " at " << bits << " bits");
            CHECK(now[i].bits == bits);
            const double gained = now[i].decibels.value() - before[i].decibels.value();
            CHECK(gained > 4.5);
            CHECK(gained < 8);
        }
        before = now;
    }
}

TEST_CASE("Weights that are multiples of their steps lose nothing") {
    const Network network = tiny_network();
    Parameters parameters = random_parameters(network, 1);
    TrainedSteps steps;
    for (const auto& [layer, channels] : {std::pair("conv1", 4U), std::pair("conv2", 4U), std::pair("fc", 5U)}) {
        steps.weight_steps[layer] = std::vector<double>(channels, 0.125);
        int next = 0;
        for (float& value : parameters.at(std::string(layer) + ".weight").values) {
            value = 0.125F * static_cast<float>(next++ % 15 - 7);
        }
    }
    for (const QuantizationNoise& layer : weight_quantization_noise(network, parameters, all_layers_at(4), steps)) {
        CHECK(layer.noise == 0);
        CHECK(layer.signal > 0);
        CHECK_FALSE(layer.decibels.has_value());
    }
    steps.weight_steps["conv2"].pop_back();
    CHECK_THROWS_WITH(weight_quantization_noise(network, parameters, all_layers_at(4), steps),
                      Catch::Contains("conv2") && Catch::Contains("3 are given"));
}

TEST_CASE("The image's noise is that of its quantizer, and every stored tensor has a figure") {
    const Network network = tiny_network();
    const Parameters parameters = random_parameters(network, 1);
    const auto source = random_source(40, 5, 2);
    const PrecisionSpec precision = all_layers_at(4);
    const TrainedSteps steps = complete_steps(network, parameters, precision, *source);
    const auto found = tensor_quantization_noise(network, parameters, precision, steps, *source, 3);
    const QuantizedNetwork structure = quantize_structure(network, precision, kAccumulatorBits);
    REQUIRE(found.size() == structure.tensors.size());
    const QuantizedTensor& image = structure.tensors.front();
    double signal = 0;
    double noise = 0;
    for (std::int64_t i = 0; i < 3; ++i) {
        std::vector<float> pixels(static_cast<std::size_t>(image.shape.elements()));
        source->write_batch(std::span(&i, 1), {}, pixels);
        for (const double pixel : pixels) {
            const double step = steps.activation_steps[0];
            const auto stored = step * static_cast<double>(quantize(pixel, step, image.range(), precision.rounding));
            signal += pixel * pixel;
            noise += (pixel - stored) * (pixel - stored);
        }
    }
    CHECK(found[0].signal == Approx(signal).epsilon(1e-12));
    CHECK(found[0].noise == Approx(noise).epsilon(1e-12));
    for (const QuantizationNoise& tensor : found) {
        INFO(tensor.name);
        CHECK(tensor.decibels.value() > 0);
    }
}

TEST_CASE("More bits bring every stored tensor of a deep network closer to fp32") {
    const Network network = make_network("resnet20", 8);
    const Parameters parameters = random_parameters(network, 1);
    const auto source = random_source(40, 10, 2);
    std::vector<double> least;
    for (const int bits : {3, 5, 8}) {
        const PrecisionSpec precision = all_layers_at(bits);
        const TrainedSteps steps = complete_steps(network, parameters, precision, *source);
        const auto found = tensor_quantization_noise(network, parameters, precision, steps, *source, 4);
        const TensorId logits = quantize_structure(network, precision, kAccumulatorBits).output;
        least.push_back(found[logits].decibels.value());
    }
    CHECK(least[1] > least[0] + 6);
    CHECK(least[2] > least[1] + 6);
}

TEST_CASE("The noise of stored tensors has the same bytes on one thread and on two") {
    const Network network = tiny_network();
    const Parameters parameters = random_parameters(network, 1);
    const auto source = random_source(40, 5, 2);
    const PrecisionSpec precision = all_layers_at(4);
    const TrainedSteps steps = complete_steps(network, parameters, precision, *source);
    std::vector<std::vector<QuantizationNoise>> runs;
    for (const std::size_t threads : {std::size_t{1}, std::size_t{2}}) {
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
        runs.push_back(tensor_quantization_noise(network, parameters, precision, steps, *source, 40));
    }
    for (std::size_t i = 0; i < runs[0].size(); ++i) {
        CHECK(runs[0][i].signal == runs[1][i].signal);
        CHECK(runs[0][i].noise == runs[1][i].noise);
    }
    CHECK_THROWS_WITH(tensor_quantization_noise(network, parameters, precision, steps, *source, 41),
                      Catch::Contains("41") && Catch::Contains("1 to 40"));
}

TEST_CASE("Accumulator widths are those of the quantized network, and given weights never need more") {
    const Network network = tiny_network();
    const Parameters parameters = random_parameters(network, 1);
    const auto source = random_source(40, 5, 2);
    for (const int bits : {2, 4, 8}) {
        const PrecisionSpec precision = all_layers_at(bits);
        const TrainedSteps steps = complete_steps(network, parameters, precision, *source);
        const QuantizedNetwork quantized = quantize(network, parameters, precision, kAccumulatorBits, steps);
        std::size_t layer = 0;
        const auto widths = accumulator_widths(network, precision, &parameters, steps);
        for (const QuantizedNode& node : quantized.nodes) {
            if (node.op != QuantizedOp::convolution) continue;
            const AccumulatorWidth& width = widths.at(layer++);
            CHECK(width.name == node.name);
            CHECK(width.these_weights_bits.value() == accumulator_bound(quantized, node).safe_bits);
            CHECK(width.these_weights_bits.value() <= width.any_weights_bits);
        }
        CHECK(layer == widths.size());
        CHECK_FALSE(accumulator_widths(network, precision, nullptr)[0].these_weights_bits.has_value());
    }
}

}  // namespace npusim
