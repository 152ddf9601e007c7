#include <catch2/catch.hpp>

#include "npusim/base/error.h"
#include "npusim/models/finetune/analysis.h"
#include "npusim/models/graph/zoo.h"
#include "support/analysis_inputs.h"

namespace npusim {
namespace {

using test::tiny_network;

Parameters scaled(Parameters parameters, float factor) {
    for (auto& [name, tensor] : parameters) {
        for (float& value : tensor.values) value *= factor;
    }
    return parameters;
}

}  // namespace

TEST_CASE("Equal weights have cosine 1 and distance 0 in every layer and in the whole network") {
    const Network network = tiny_network();
    const Parameters parameters = random_parameters(network, 1);
    const WeightSimilarity same = weight_similarity(network, parameters, parameters);
    REQUIRE(same.layers.size() == 3);
    CHECK(same.layers[1].name == "conv2");
    for (const VectorSimilarity& one : {same.layers[0], same.layers[1], same.layers[2], same.weights, same.trained}) {
        CHECK(one.cosine.value() == Approx(1).epsilon(1e-12));
        CHECK(one.squared_distance == 0);
        CHECK(one.relative_distance.value() == 0);
    }
    CHECK(same.trained.elements == count_parameters(network));
}

TEST_CASE("A cosine does not see the length of the weights, and a distance does") {
    const Network network = tiny_network();
    const Parameters before = random_parameters(network, 1);
    const WeightSimilarity longer = weight_similarity(network, before, scaled(before, 4));
    CHECK(longer.weights.cosine.value() == Approx(1).epsilon(1e-12));
    CHECK(longer.weights.relative_distance.value() == Approx(3).epsilon(1e-9));
    const WeightSimilarity turned = weight_similarity(network, before, scaled(before, -1));
    CHECK(turned.trained.cosine.value() == Approx(-1).epsilon(1e-12));
    CHECK(turned.trained.relative_distance.value() == Approx(2).epsilon(1e-12));
}

TEST_CASE("Independent random weights are about orthogonal, and distances add up over layers") {
    const Network network = make_network("resnet20");
    const WeightSimilarity apart =
        weight_similarity(network, random_parameters(network, 1), random_parameters(network, 2));
    CHECK(std::abs(apart.weights.cosine.value()) < 0.02);
    double sum = 0;
    for (const VectorSimilarity& layer : apart.layers) sum += layer.squared_distance;
    CHECK(apart.weights.squared_distance == Approx(sum).epsilon(1e-12));
}

TEST_CASE("Batch norm and biases count as trained parameters, not as weights; running statistics as neither") {
    const Network network = tiny_network();
    const Parameters before = random_parameters(network, 1);
    Parameters after = before;
    after.at("bn1.running_mean").values[0] += 1;
    CHECK(weight_similarity(network, before, after).trained.squared_distance == 0);
    const float old = after.at("bn1.bias").values[2];
    after.at("bn1.bias").values[2] = old + 2;
    const WeightSimilarity moved = weight_similarity(network, before, after);
    CHECK(moved.weights.squared_distance == 0);
    CHECK(moved.trained.squared_distance == Approx(4).epsilon(1e-6));
}

TEST_CASE("Weights that are all zero have no cosine") {
    const Network network = tiny_network();
    const Parameters before = random_parameters(network, 1);
    const WeightSimilarity gone = weight_similarity(network, before, scaled(before, 0));
    CHECK_FALSE(gone.weights.cosine.has_value());
    CHECK(gone.weights.relative_distance.value() == Approx(1));
}

TEST_CASE("Weights of another network are refused with the parameter's name") {
    const Network network = tiny_network();
    const Parameters before = random_parameters(network, 1);
    Parameters after = before;
    after.at("conv2.weight").values.pop_back();
    CHECK_THROWS_WITH(weight_similarity(network, before, after), Catch::Contains("conv2.weight"));
}

}  // namespace npusim
