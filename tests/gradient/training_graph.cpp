#include "npusim/models/finetune/training_graph.h"

#include <tbb/global_control.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "npusim/models/engine/float_executor.h"
#include "npusim/models/engine/integer_engine.h"
#include "npusim/models/graph/network_builder.h"
#include "npusim/models/graph/zoo.h"
#include "random_network.h"

using namespace npusim;

namespace {

struct Batch {
    std::vector<std::vector<float>> planes;  ///< (C, H, W)
    std::vector<float> images;               ///< (N, H, W, C)
    std::vector<std::int32_t> labels;
};

Batch random_batch(const Network& network, std::int64_t count, std::uint64_t seed) {
    Batch batch;
    const TensorShape shape = network.input_shape();
    batch.planes = random_images(shape, count, seed);
    for (std::int64_t i = 0; i < count; ++i) {
        const std::vector<float>& image = batch.planes[static_cast<std::size_t>(i)];
        for (std::int64_t pixel = 0; pixel < shape.height * shape.width; ++pixel) {
            for (std::int64_t c = 0; c < shape.channels; ++c) {
                batch.images.push_back(image[static_cast<std::size_t>(c * shape.height * shape.width + pixel)]);
            }
        }
        batch.labels.push_back(static_cast<std::int32_t>((i * 7 + 3) % network.classes()));
    }
    return batch;
}

std::vector<double> widened(const std::vector<float>& values) {
    return {values.begin(), values.end()};
}

double mean_loss(const Network& network, const Parameters& parameters, const Batch& batch, const TrainingSetup& setup) {
    BasicTrainingGraph<double> graph(network, parameters, setup);
    const auto count = static_cast<std::int64_t>(batch.labels.size());
    return graph.forward_backward(widened(batch.images), batch.labels, count, false).loss_sum /
           static_cast<double>(count);
}

/// Compares some derivatives of each parameter with central differences of the loss, which is computed in double but
/// from fp32 parameters; the points are the fp32 numbers, so their distance is exact.
void check_against_differences(const Network& network, const TrainingSetup& setup) {
    const Parameters parameters = random_parameters(network, 5);
    const Batch batch = random_batch(network, 3, 9);
    BasicTrainingGraph<double> graph(network, parameters, setup);
    (void)graph.forward_backward(widened(batch.images), batch.labels, 3, false);
    std::mt19937 random(3);
    const std::vector<std::string> names = graph.trained_names();
    for (std::size_t n = 0; n < names.size(); n += 1 + names.size() / 12) {
        const std::vector<double>& gradient = graph.gradient(names[n]);
        const std::size_t element = random() % gradient.size();
        Parameters moved = parameters;
        float& value = moved.at(names[n]).values[element];
        const float before = value;
        const float distance = std::max(std::abs(before), 0.05F) * 1e-6F;
        const float high = before + distance;
        const float low = before - distance;
        value = high;
        const double loss_high = mean_loss(network, moved, batch, setup);
        value = low;
        const double loss_low = mean_loss(network, moved, batch, setup);
        const double slope = (loss_high - loss_low) / (static_cast<double>(high) - static_cast<double>(low));
        INFO(names[n] << "[" << element << "]");
        CHECK(gradient[element] == Approx(slope).epsilon(2e-3).margin(1e-6));
    }
}

TrainingSetup quantized_setup(int bits, StepRule rule) {
    TrainingSetup setup;
    setup.step_rule = rule;
    setup.precision.weight_bits = bits;
    setup.precision.activation_bits = bits;
    setup.part_images = 4;
    return setup;
}

/// Steps that let values of a few units through.
TrainedSteps plain_steps(const Network& network, const PrecisionSpec& precision) {
    TrainedSteps steps;
    for (const auto& tensor : quantize_structure(network, precision, 47).tensors) {
        steps.activation_steps.push_back(4.0 / static_cast<double>(tensor.range().high));
    }
    return steps;
}

Parameters parameters_after_steps(const Network& network, const TrainingSetup& setup, int threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
    const Batch batch = random_batch(network, 10, 4);
    TrainedSteps steps;
    if (setup.step_rule != StepRule::none) steps = plain_steps(network, setup.precision);
    TrainingGraph graph(network, random_parameters(network, 5), setup, steps);
    for (int i = 0; i < 3; ++i) {
        (void)graph.forward_backward(batch.images, batch.labels, 10, false);
        graph.step({.learning_rate = 0.01, .momentum = 0.9, .weight_decay = 1e-4, .nesterov = false});
    }
    return graph.parameters();
}

void check_equal(const Parameters& a, const Parameters& b) {
    REQUIRE(a.size() == b.size());
    for (const auto& [name, tensor] : a) {
        INFO(name);
        CHECK(tensor.values == b.at(name).values);
    }
}

}  // namespace

TEST_CASE("A whole network's gradients are the slopes of its loss, with batch statistics and with frozen ones") {
    TrainingSetup setup;
    setup.part_images = 2;
    setup.freeze_batch_norm = GENERATE(false, true);
    check_against_differences(make_network("resnet20", 16), setup);
}

/// Every kind of connection: a concatenation read whole and in parts, both poolings, a depthwise convolution, batch
/// norm before and behind convolutions, dropout, bias.
Network many_connections() {
    const auto square = [](std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
        Window window;
        window.kernel_height = window.kernel_width = kernel;
        window.stride_height = window.stride_width = stride;
        window.pad_top = window.pad_left = window.pad_bottom = window.pad_right = pad;
        return window;
    };
    NetworkBuilder b("many", {3, 12, 12});
    const NodeId stem =
        b.relu("relu0", b.batch_norm("bn0", b.conv2d("conv0", b.input(), 8, square(3, 1, 1), 1, false)));
    const NodeId pooled = b.max_pool("pool0", stem, square(3, 2, 1));
    const NodeId dense = b.conv2d("conv1", b.relu("relu1", b.batch_norm("bn1", pooled)), 4, square(3, 1, 1), 1, false);
    const NodeId both = b.concat("cat1", {pooled, dense});
    const NodeId next = b.conv2d("conv2", b.relu("relu2", b.batch_norm("bn2", both)), 4, square(1, 1, 0), 1, false);
    const NodeId all = b.concat("cat2", {pooled, dense, next});
    const NodeId averaged = b.average_pool("pool1", b.relu("relu3", b.batch_norm("bn3", all)), square(2, 2, 0));
    const NodeId flat = b.flatten("flatten", averaged);
    const NodeId hidden = b.dropout("dropout", b.relu("relu4", b.linear("fc0", flat, 20)), 0.5);
    return b.finish(b.linear("fc1", hidden, 7));
}

TEST_CASE("Gradients are the slopes of the loss through concatenation, pooling, dropout and bias") {
    TrainingSetup setup;
    setup.part_images = 2;
    setup.loss.label_smoothing = 0.1;
    setup.freeze_batch_norm = GENERATE(false, true);
    check_against_differences(many_connections(), setup);
}

TEST_CASE("Random networks' gradients are the slopes of their loss, in one part and in several") {
    const std::uint32_t seed = GENERATE(range(1U, 41U));
    const Network network = test::RandomNetwork(seed).make();
    INFO("RandomNetwork(" << seed << ")");
    TrainingSetup setup;
    setup.freeze_batch_norm = seed % 4 == 0;
    setup.part_images = 1;
    check_against_differences(network, setup);
    const Batch batch = random_batch(network, 7, seed);
    const Parameters parameters = random_parameters(network, seed);
    BasicTrainingGraph<double> in_parts(network, parameters, setup);
    setup.part_images = 7;
    BasicTrainingGraph<double> whole(network, parameters, setup);
    for (auto* graph : {&in_parts, &whole}) {
        (void)graph->forward_backward(widened(batch.images), batch.labels, 7, false);
    }
    for (const std::string& name : whole.trained_names()) {
        INFO(name);
        for (std::size_t i = 0; i < whole.gradient(name).size(); ++i) {
            CHECK(in_parts.gradient(name)[i] == Approx(whole.gradient(name)[i]).epsilon(1e-8).margin(1e-11));
        }
    }
}

TEST_CASE("Random networks train to the same bytes on one thread and on two") {
    const std::uint32_t seed = GENERATE(range(41U, 81U));
    const Network network = test::RandomNetwork(seed).make();
    INFO("RandomNetwork(" << seed << ")");
    for (const StepRule rule : {StepRule::none, StepRule::calibrated, StepRule::learned}) {
        TrainingSetup setup = quantized_setup(4, rule);
        setup.part_images = 1;
        check_equal(parameters_after_steps(network, setup, 1), parameters_after_steps(network, setup, 2));
    }
}

TEST_CASE("In evaluation mode the training graph computes what the fp32 executor computes") {
    const std::string name = GENERATE(std::string("resnet20"), std::string("densenet161"));
    const Network network = make_network(name, 32);
    const Parameters parameters = random_parameters(network, 5);
    const Batch batch = random_batch(network, 3, 2);
    TrainingGraph graph(network, parameters, {});
    const FloatExecutor executor(network, parameters);
    const auto logits = graph.logits(batch.images, 3);
    for (std::size_t i = 0; i < batch.planes.size(); ++i) {
        const std::vector<float> expected = executor.run(batch.planes[i]);
        double error = 0;
        double norm = 0;
        for (std::size_t k = 0; k < expected.size(); ++k) {
            error +=
                std::pow(static_cast<double>(logits[i * expected.size() + k]) - static_cast<double>(expected[k]), 2);
            norm += std::pow(static_cast<double>(expected[k]), 2);
        }
        CHECK(std::sqrt(error / norm) < 1e-5);
    }
}

TEST_CASE("Training gives the same bytes on one thread and on two") {
    const Network network = make_network("resnet20", 16);
    const StepRule rule = GENERATE(StepRule::none, StepRule::calibrated, StepRule::learned);
    const TrainingSetup setup = quantized_setup(4, rule);
    check_equal(parameters_after_steps(network, setup, 1), parameters_after_steps(network, setup, 2));
}

TEST_CASE("Accumulated halves of a batch give the gradients of the whole when batch norm is frozen") {
    const Network network = make_network("resnet20", 16);
    TrainingSetup setup;
    setup.freeze_batch_norm = true;
    const Parameters parameters = random_parameters(network, 5);
    const Batch batch = random_batch(network, 8, 4);
    const std::size_t half = batch.images.size() / 2;
    BasicTrainingGraph<double> whole(network, parameters, setup);
    BasicTrainingGraph<double> halves(network, parameters, setup);
    const std::vector<double> images = widened(batch.images);
    (void)whole.forward_backward(images, batch.labels, 8, false);
    (void)halves.forward_backward(std::span(images).first(half), std::span(batch.labels).first(4), 8, false);
    (void)halves.forward_backward(std::span(images).subspan(half), std::span(batch.labels).subspan(4), 8, true);
    for (const auto& name : whole.trained_names()) {
        const auto& expected = whole.gradient(name);
        const auto& found = halves.gradient(name);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            REQUIRE(found[i] == Approx(expected[i]).epsilon(1e-9).margin(1e-12));
        }
    }
}

TEST_CASE("At 8 bits the training graph evaluates close to the integer network") {
    const Network network = make_network("resnet20", 16);
    const TrainingSetup setup = quantized_setup(8, StepRule::calibrated);
    const Parameters parameters = random_parameters(network, 5);
    TrainingGraph graph(network, parameters, setup, plain_steps(network, setup.precision));
    const QuantizedNetwork integers = quantize(network, graph.parameters(), setup.precision, 47, graph.steps());
    const IntegerEngine engine(integers);
    const Batch batch = random_batch(network, 6, 8);
    const auto logits = graph.logits(batch.images, 6);
    double error = 0;
    double norm = 0;
    for (std::size_t i = 0; i < 6; ++i) {
        const auto found = engine.run(quantize_image(integers, batch.planes[i]));
        for (std::size_t k = 0; k < 10; ++k) {
            const double expected = static_cast<double>(logits[i * 10 + k]);
            error += std::pow(found[k] * integers.tensors[integers.output].step - expected, 2);
            norm += expected * expected;
        }
    }
    CHECK(std::sqrt(error / norm) < 0.02);
}

TEST_CASE("Momenta and steps set from another graph continue it to the same bytes") {
    const Network network = make_network("resnet20", 16);
    const TrainingSetup setup = quantized_setup(3, StepRule::learned);
    const Batch batch = random_batch(network, 6, 4);
    const SgdOptions sgd{.learning_rate = 0.01, .momentum = 0.9, .weight_decay = 1e-4, .nesterov = false};
    TrainingGraph first(network, random_parameters(network, 5), setup, plain_steps(network, setup.precision));
    const auto train = [&](TrainingGraph& graph) {
        (void)graph.forward_backward(batch.images, batch.labels, 6, false);
        graph.step(sgd);
    };
    train(first);
    TrainingGraph second(network, first.parameters(), setup, first.steps());
    second.set_optimizer_state(first.optimizer_state());
    train(first);
    train(second);
    check_equal(first.parameters(), second.parameters());
    CHECK(first.steps().activation_steps == second.steps().activation_steps);
    CHECK(first.steps().weight_steps == second.steps().weight_steps);
}

TEST_CASE("A precision that cannot be trained is refused with the reason") {
    const Network network = make_network("resnet20", 16);
    const Parameters parameters = random_parameters(network, 5);
    TrainingSetup setup = quantized_setup(4, StepRule::learned);
    const TrainedSteps steps = plain_steps(network, setup.precision);
    CHECK_THROWS_WITH(TrainingGraph(network, parameters, setup), Catch::Contains("activation steps"));
    setup.precision.scales = ScaleKind::power_of_two;
    CHECK_THROWS_WITH(TrainingGraph(network, parameters, setup, steps), Catch::Contains("power_of_two"));
    setup = quantized_setup(4, StepRule::calibrated);
    setup.precision.batch_norm = BatchNormPlacement::weights;
    CHECK_THROWS_WITH(TrainingGraph(network, parameters, setup, steps), Catch::Contains("batch_norm"));
}

TEST_CASE("Fake quantization in evaluation mode is the integer engine to the bit") {
    const int bits = GENERATE(8, 4, 2);
    const bool many = GENERATE(false, true);
    const Network network = many ? many_connections() : make_network("resnet20", 16);
    INFO(network.name << " at " << bits << " bits");
    TrainingSetup setup = quantized_setup(bits, StepRule::learned);
    setup.precision.first_last_bits = bits;
    BasicTrainingGraph<double> graph(network, random_parameters(network, 5), setup,
                                     plain_steps(network, setup.precision));
    const Batch batch = random_batch(network, 6, 8);
    // Steps that training has moved, none of them a power of two.
    (void)graph.forward_backward(widened(batch.images), batch.labels, 6, false);
    graph.step({.learning_rate = 0.01, .momentum = 0.9, .weight_decay = 0, .nesterov = false});
    const Parameters parameters = graph.parameters();
    BasicTrainingGraph<double> rounded(network, parameters, setup, graph.steps());
    const QuantizedNetwork integers = quantize(network, parameters, setup.precision, 47, graph.steps());
    const IntegerEngine engine(integers);
    const auto logits = rounded.logits(widened(batch.images), 6, integers);
    const double step = integers.tensors[integers.output].step;
    const auto classes = static_cast<std::size_t>(network.classes());
    for (std::size_t i = 0; i < 6; ++i) {
        const auto expected = engine.run(quantize_image(integers, batch.planes[i]));
        for (std::size_t k = 0; k < classes; ++k) {
            REQUIRE(std::llround(logits[i * classes + k] / step) == expected[k]);
        }
    }
}
