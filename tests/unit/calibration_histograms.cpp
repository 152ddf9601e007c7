#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "npusim/models/engine/calibration.h"
#include "npusim/models/graph/network_builder.h"
#include "npusim/models/graph/zoo.h"

namespace npusim {

namespace {

Network small_network() {
    NetworkBuilder builder("small", {3, 9, 7});
    const NodeId conv =
        builder.conv2d("conv", builder.input(),
                       {.out_channels = 5, .kernel_height = 3, .kernel_width = 3, .pad_height = 1, .pad_width = 1});
    const NodeId relu = builder.relu("relu", builder.batch_norm("bn", conv));
    const NodeId pool = builder.adaptive_average_pool("pool", relu, 1, 1);
    return builder.finish(builder.linear("fc", builder.flatten("flatten", pool), 4));
}

}  // namespace

TEST_CASE("Histograms count every activation of every image, as a plain serial pass does") {
    const Network network = small_network();
    const FloatExecutor executor(network, random_parameters(network, 1));
    const auto images = random_images(network.input_shape(), 20, 2);
    std::vector<std::vector<double>> seen(network.nodes.size());
    for (const auto& image : images) {
        (void)executor.run(image, [&](NodeId id, std::span<const float> values) {
            seen[id].insert(seen[id].end(), values.begin(), values.end());
        });
    }
    const auto histograms =
        observe_activations(network, executor, 20, [&](std::int64_t i) { return images[static_cast<std::size_t>(i)]; });
    REQUIRE(histograms.size() == network.nodes.size());
    for (NodeId id = 0; id < histograms.size(); ++id) {
        INFO(network.nodes[id].name);
        double largest = 0;
        for (const double value : seen[id]) largest = std::max(largest, std::abs(value));
        CHECK(histograms[id].largest_magnitude == largest);
        CHECK(histograms[id].smallest == *std::min_element(seen[id].begin(), seen[id].end()));
        std::vector<std::uint64_t> counts(4096, 0);
        for (const double value : seen[id]) {
            ++counts[static_cast<std::size_t>(std::min(4095.0, std::floor(std::abs(value) * (4096 / largest))))];
        }
        CHECK(histograms[id].counts == counts);
    }
}

TEST_CASE("A percentile is the magnitude below which that part of the values lies, to one bin") {
    const Network network = small_network();
    const FloatExecutor executor(network, random_parameters(network, 3));
    const auto images = random_images(network.input_shape(), 10, 4);
    std::vector<double> magnitudes;
    for (const auto& image : images) {
        for (const float value : image) magnitudes.push_back(std::abs(value));
    }
    std::sort(magnitudes.begin(), magnitudes.end());
    const auto histogram = observe_activations(network, executor, 10,
                                               [&](std::int64_t i) { return images[static_cast<std::size_t>(i)]; })[0];
    const double bin = histogram.largest_magnitude / 4096;
    for (const double percent : {1.0, 25.0, 50.0, 90.0, 99.0, 99.9}) {
        INFO(percent << " %");
        const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(magnitudes.size())));
        const double exact = magnitudes[rank - 1];
        CHECK(histogram.percentile(percent) >= exact * (1 - 1e-12));
        CHECK(histogram.percentile(percent) <= exact + bin * (1 + 1e-9));
    }
    CHECK(histogram.percentile(100) == histogram.largest_magnitude);
    CHECK(histogram.percentile(100) == magnitudes.back());
}

TEST_CASE("A tensor of zeros has a histogram too") {
    const Network network = small_network();
    const FloatExecutor executor(network, random_parameters(network, 5));
    const auto elements = static_cast<std::size_t>(network.input_shape().elements());
    const auto histogram =
        observe_activations(network, executor, 3, [&](std::int64_t) { return std::vector<float>(elements, 0.0F); })[0];
    CHECK(histogram.largest_magnitude == 0);
    CHECK(histogram.counts[0] == 3 * elements);
    CHECK(histogram.percentile(99) == 0);
}

TEST_CASE("Nodes that do not run have empty histograms") {
    NetworkBuilder builder("auxiliary", {3, 4, 4});
    const NodeId relu = builder.relu("relu", builder.input());
    builder.set_training_only(true);
    const NodeId extra = builder.relu("extra", relu);
    builder.set_training_only(false);
    const NodeId flat = builder.flatten("flatten", relu);
    const Network network = builder.finish(builder.linear("fc", flat, 2));
    const FloatExecutor executor(network, random_parameters(network, 1));
    const auto images = random_images(network.input_shape(), 2, 1);
    const auto histograms =
        observe_activations(network, executor, 2, [&](std::int64_t i) { return images[static_cast<std::size_t>(i)]; });
    CHECK(histograms[extra].counts.empty());
    CHECK(histograms[relu].counts.size() == 4096);
    CHECK(histograms[relu].smallest == 0);
    CHECK(histograms[0].smallest < 0);
}

}  // namespace npusim
