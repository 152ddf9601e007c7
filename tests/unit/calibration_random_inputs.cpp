// Random parameters and images stand in where nobody trained and nobody photographed: they must be alive.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "npusim/models/engine/float_executor.h"
#include "npusim/models/graph/zoo.h"

namespace npusim {

namespace {

double positive_part(std::span<const float> values) {
    return static_cast<double>(std::count_if(values.begin(), values.end(), [](float value) { return value > 0; })) /
           static_cast<double>(values.size());
}

void check_alive(const Network& network) {
    const FloatExecutor executor(network, random_parameters(network, 17));
    const auto image = random_images(network.input_shape(), 1, 99).front();
    const auto logits = executor.run(image, [&](NodeId id, std::span<const float> values) {
        const Node& node = network.nodes[id];
        double squares = 0;
        for (const double value : values) squares += value * value;
        const double magnitude = std::sqrt(squares / static_cast<double>(values.size()));
        INFO(network.name << ", " << node.name << ": root mean square " << magnitude);
        CHECK((magnitude > 0.02 && magnitude < 200));
        if (node.op != OpKind::relu) return;
        INFO("positive " << positive_part(values));
        CHECK((positive_part(values) > 0.2 && positive_part(values) < 0.98));
    });
    CHECK(static_cast<std::int64_t>(logits.size()) == network.classes());
}

}  // namespace

TEST_CASE("With random parameters every layer of every kind of network is alive on an image that it never saw") {
    check_alive(make_network("resnet20"));
    check_alive(make_network("vgg16_bn", 32));
    check_alive(make_network("densenet161", 64));
    check_alive(make_network("inception_v3", zoo_entry("inception_v3").min_image_size));
}

TEST_CASE("Random parameters hold every inference parameter, the same for the same seed") {
    const Network network = make_network("resnet20");
    const Parameters first = random_parameters(network, 1);
    const Parameters second = random_parameters(network, 1);
    const Parameters other = random_parameters(network, 2);
    for (const auto& spec : parameters_of(network)) {
        INFO(spec.name);
        REQUIRE(first.count(spec.name) == 1);
        CHECK(first.at(spec.name).shape == spec.shape);
        CHECK(first.at(spec.name).values == second.at(spec.name).values);
        CHECK(first.at(spec.name).values != other.at(spec.name).values);
    }
}

TEST_CASE("Random images have mean 0, variance 1, and neighbouring pixels go together") {
    const TensorShape shape{3, 32, 32};
    const auto images = random_images(shape, 4, 7);
    REQUIRE(images.size() == 4);
    CHECK(images[0] != images[1]);
    CHECK(images == random_images(shape, 4, 7));
    for (const auto& image : images) {
        double sum = 0;
        double squares = 0;
        double products = 0;
        for (std::size_t i = 0; i < image.size(); ++i) {
            sum += image[i];
            squares += static_cast<double>(image[i]) * image[i];
            if (i % 32 != 0) products += static_cast<double>(image[i]) * image[i - 1];
        }
        const auto count = static_cast<double>(image.size());
        CHECK(std::abs(sum / count) < 1e-3);
        CHECK(std::abs(squares / count - 1) < 1e-3);
        CHECK(products / count > 0.7);
    }
}

}  // namespace npusim
