#include <tbb/global_control.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "npusim/base/error.h"
#include "npusim/models/finetune/analysis.h"
#include "npusim/workloads/datasets/shuffle.h"
#include "support/analysis_inputs.h"

namespace npusim {
namespace {

using test::all_layers_at;
using test::complete_steps;
using test::random_source;
using test::tiny_network;

NoiseSetup fp32_setup(bool frozen) {
    NoiseSetup setup;
    setup.name = "fp32";
    setup.training.freeze_batch_norm = frozen;
    return setup;
}

NoiseSetup quantized_setup(int bits, const Network& network, const Parameters& parameters, const BatchSource& source) {
    NoiseSetup setup = fp32_setup(true);
    setup.name = std::to_string(bits);
    setup.training.step_rule = StepRule::calibrated;
    setup.training.precision = all_layers_at(bits);
    setup.steps = complete_steps(network, parameters, setup.training.precision, source);
    return setup;
}

NoiseOptions plain_options(std::vector<std::int64_t> batch_sizes, std::int64_t batches) {
    NoiseOptions options;
    options.batch_sizes = std::move(batch_sizes);
    options.batches = batches;
    options.augment = false;
    return options;
}

/// All gradients of conv2's weights, batch by batch, in the documented order of the images.
std::vector<std::vector<double>> gradients_of(const Network& network, const Parameters& parameters,
                                              const NoiseSetup& setup, const BatchSource& source,
                                              const NoiseOptions& options, std::int64_t batch_images) {
    TrainingGraph graph(network, parameters, setup.training, setup.steps);
    const std::vector<std::int64_t> order = shuffled_indices(source.size(), options.seed, 0);
    std::vector<std::vector<double>> gradients;
    for (std::int64_t batch = 0; batch < options.batches; ++batch) {
        const auto indices = std::span(order).subspan(static_cast<std::size_t>(batch * batch_images),
                                                      static_cast<std::size_t>(batch_images));
        std::vector<float> images(indices.size() * static_cast<std::size_t>(source.image_shape().elements()));
        source.write_batch(indices, {}, images);
        std::vector<std::int32_t> labels;
        for (const std::int64_t index : indices) labels.push_back(source.labels()[static_cast<std::size_t>(index)]);
        (void)graph.forward_backward(images, labels, batch_images, false);
        const std::vector<float>& gradient = graph.gradient("conv2.weight");
        gradients.emplace_back(gradient.begin(), gradient.end());
    }
    return gradients;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
    return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
}

void check_equal(const NoiseFigures& a, const NoiseFigures& b) {
    CHECK(a.name == b.name);
    CHECK(a.variance == b.variance);
    CHECK(a.squared_mean == b.squared_mean);
    CHECK(a.share == b.share);
    CHECK(a.steady == b.steady);
    CHECK(a.true_to_fp32 == b.true_to_fp32);
}

}  // namespace

TEST_CASE("The figures of gradient noise are those of the gradients taken one by one") {
    const Network network = tiny_network();
    const Parameters parameters = random_parameters(network, 3);
    const auto source = random_source(128, 5, 1);
    const NoiseOptions options = plain_options({8}, 10);
    const std::vector<NoiseSetup> setups{fp32_setup(true), quantized_setup(3, network, parameters, *source)};
    const auto found = gradient_noise(network, parameters, setups, *source, options);
    REQUIRE(found.size() == 2);
    const auto exact = gradients_of(network, parameters, setups[0], *source, options, 8);
    const auto rough = gradients_of(network, parameters, setups[1], *source, options, 8);
    const NoiseFigures& figures = found[1].layers.at(1);
    REQUIRE(figures.name == "conv2");
    std::vector<double> mean(rough[0].size());
    for (const auto& gradient : rough) {
        for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += gradient[i] / 10;
    }
    double spread = 0;
    double squares = 0;
    double steady = 0;
    double as_fp32 = 0;
    std::vector<double> average = rough[0];
    for (std::size_t batch = 0; batch < rough.size(); ++batch) {
        squares += dot(rough[batch], rough[batch]);
        for (std::size_t i = 0; i < mean.size(); ++i) spread += std::pow(rough[batch][i] - mean[i], 2);
        if (batch >= 5) {
            steady += cosine(rough[batch], average) / 5;
            as_fp32 += cosine(rough[batch], exact[batch]) / 5;
        }
        for (std::size_t i = 0; i < mean.size() && batch > 0; ++i) {
            average[i] = 0.9 * average[i] + 0.1 * rough[batch][i];
        }
    }
    CHECK(figures.variance == Approx(spread / 9).epsilon(1e-9));
    CHECK(figures.squared_mean == Approx(dot(mean, mean) - spread / 90).epsilon(1e-9));
    CHECK(figures.share.value() == Approx(spread / 9 / (squares / 10)).epsilon(1e-9));
    CHECK(figures.steady.value() == Approx(steady).epsilon(1e-9));
    CHECK(figures.true_to_fp32.value() == Approx(as_fp32).epsilon(1e-9));
}

TEST_CASE("With frozen batch norm the variance of the gradient falls as one over the batch") {
    const Network network = tiny_network();
    const Parameters parameters = random_parameters(network, 3);
    const auto source = random_source(2048, 5, 1);
    const int bits = GENERATE(32, 4);
    const std::vector<NoiseSetup> setups{bits == 32 ? fp32_setup(true)
                                                    : quantized_setup(bits, network, parameters, *source)};
    const auto found = gradient_noise(network, parameters, setups, *source, plain_options({4, 16, 64}, 120));
    REQUIRE(found.size() == 3);
    const double of_one_image = 4 * found[0].trained.variance;
    CHECK(16 * found[1].trained.variance == Approx(of_one_image).epsilon(0.15));
    CHECK(64 * found[2].trained.variance == Approx(of_one_image).epsilon(0.15));
    CHECK(found[2].trained.share.value() < found[0].trained.share.value());
    CHECK(found[2].weights.steady.value() > found[0].weights.steady.value());
}

TEST_CASE("Fp32 has the same gradient as fp32, and fewer bits have one less like it") {
    const Network network = tiny_network();
    const Parameters parameters = random_parameters(network, 3);
    const auto source = random_source(256, 5, 1);
    std::vector<NoiseSetup> setups{fp32_setup(true), fp32_setup(true)};
    for (const int bits : {8, 4, 2}) setups.push_back(quantized_setup(bits, network, parameters, *source));
    const auto found = gradient_noise(network, parameters, setups, *source, plain_options({16}, 12));
    CHECK_FALSE(found[0].weights.true_to_fp32.has_value());
    CHECK(found[1].weights.true_to_fp32.value() == Approx(1).epsilon(1e-12));
    CHECK(found[2].weights.true_to_fp32.value() > 0.95);
    for (std::size_t i = 2; i < setups.size(); ++i) {
        INFO(found[i].setup << " bits");
        CHECK(found[i].weights.true_to_fp32.value() < found[i - 1].weights.true_to_fp32.value());
    }
}

TEST_CASE("Batches that are all alike have no noise and a steady gradient") {
    const Network network = tiny_network();
    const Parameters parameters = random_parameters(network, 3);
    const auto source = random_source(16, 5, 1);
    const auto found = gradient_noise(network, parameters, {fp32_setup(true)}, *source, plain_options({16}, 6));
    // The images are the same, but each epoch adds them up in another order.
    CHECK(found[0].trained.share.value() < 1e-9);
    CHECK(found[0].trained.steady.value() == Approx(1).epsilon(1e-9));
    CHECK(found[0].trained.squared_mean > 0);
}

TEST_CASE("Gradient noise has the same bytes on one thread and on two") {
    const Network network = tiny_network();
    const Parameters parameters = random_parameters(network, 3);
    const auto source = random_source(256, 5, 1);
    std::vector<NoiseSetup> setups{fp32_setup(false), quantized_setup(4, network, parameters, *source)};
    setups[1].training.freeze_batch_norm = false;
    NoiseOptions options = plain_options({8, 40}, 5);
    options.augment = true;
    options.piece_images = 24;
    std::vector<std::vector<GradientNoise>> runs;
    for (const std::size_t threads : {std::size_t{1}, std::size_t{2}}) {
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
        runs.push_back(gradient_noise(network, parameters, setups, *source, options));
    }
    REQUIRE(runs[0].size() == 4);
    for (std::size_t i = 0; i < runs[0].size(); ++i) {
        CHECK(runs[0][i].loss == runs[1][i].loss);
        check_equal(runs[0][i].weights, runs[1][i].weights);
        check_equal(runs[0][i].trained, runs[1][i].trained);
        for (std::size_t l = 0; l < runs[0][i].layers.size(); ++l) {
            check_equal(runs[0][i].layers[l], runs[1][i].layers[l]);
        }
    }
}

TEST_CASE("With frozen batch norm the pieces of a batch do not change its gradient") {
    const Network network = tiny_network();
    const Parameters parameters = random_parameters(network, 3);
    const auto source = random_source(256, 5, 1);
    NoiseOptions options = plain_options({48}, 4);
    const auto whole = gradient_noise(network, parameters, {fp32_setup(true)}, *source, options);
    options.piece_images = 20;
    const auto pieces = gradient_noise(network, parameters, {fp32_setup(true)}, *source, options);
    CHECK(pieces[0].trained.variance == Approx(whole[0].trained.variance).epsilon(1e-4));
    CHECK(pieces[0].loss == Approx(whole[0].loss).epsilon(1e-6));
}

TEST_CASE("Another seed draws other batches") {
    const Network network = tiny_network();
    const Parameters parameters = random_parameters(network, 3);
    const auto source = random_source(256, 5, 1);
    NoiseOptions options = plain_options({8}, 4);
    const auto one = gradient_noise(network, parameters, {fp32_setup(true)}, *source, options);
    options.seed = 1;
    const auto other = gradient_noise(network, parameters, {fp32_setup(true)}, *source, options);
    CHECK(one[0].trained.variance != other[0].trained.variance);
}

TEST_CASE("Batches larger than the source, too few batches and labels outside the classes are refused at once") {
    const Network network = tiny_network();
    const Parameters parameters = random_parameters(network, 3);
    const auto source = random_source(16, 9, 1);
    NoiseOptions options = plain_options({8, 17}, 1);
    options.piece_images = 0;
    options.average_decay = 1;
    CHECK_THROWS_WITH(gradient_noise(network, parameters, {fp32_setup(true)}, *source, options),
                      Catch::Contains("17 images") && Catch::Contains("1 batches") && Catch::Contains("pieces of 0") &&
                          Catch::Contains("decay") && Catch::Contains("allowed are 0 to 4"));
}

}  // namespace npusim
