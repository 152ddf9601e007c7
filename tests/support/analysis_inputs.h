// A network small enough to take thousands of gradients of, and images for it.
#pragma once

#include <random>

#include "npusim/models/engine/float_executor.h"
#include "npusim/models/finetune/training_run.h"
#include "npusim/models/graph/network_builder.h"

namespace npusim::test {

inline Network tiny_network() {
    NetworkBuilder b("tiny", {3, 8, 8});
    const NodeId first =
        b.relu("relu1", b.batch_norm("bn1", b.conv2d("conv1", b.input(), {4, 3, 3, 1, 1, 1, 1, false})));
    const NodeId second = b.batch_norm("bn2", b.conv2d("conv2", first, {4, 3, 3, 1, 1, 1, 1, false}));
    const NodeId sum = b.relu("relu2", b.add("add", second, first));
    return b.finish(b.linear("fc", b.flatten("flatten", b.adaptive_average_pool("pool", sum, 1, 1)), 5));
}

/// Random pixels with random labels: a gradient that is mostly noise.
inline std::unique_ptr<BatchSource> random_source(std::int64_t images, std::int32_t classes, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Dataset dataset;
    dataset.name = "random";
    dataset.image_shape = {3, 8, 8};
    dataset.normalization = {{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}};
    for (std::int64_t i = 0; i < images * dataset.image_shape.elements(); ++i) {
        dataset.pixels.push_back(static_cast<std::uint8_t>(random() >> 56U));
    }
    for (std::int64_t i = 0; i < images; ++i) {
        dataset.labels.push_back(static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(classes)));
    }
    for (std::int32_t i = 0; i < classes; ++i) dataset.class_names.push_back("class " + std::to_string(i));
    return memory_source(std::move(dataset), Augmentation{}, seed);
}

inline PrecisionSpec all_layers_at(int bits) {
    PrecisionSpec precision;
    precision.weight_bits = precision.activation_bits = precision.first_last_bits = bits;
    precision.residual_bits = std::max(bits, 8);
    return precision;
}

/// Activation steps from the source's first images, weight steps of least squared error.
inline TrainedSteps complete_steps(const Network& network, const Parameters& parameters, const PrecisionSpec& precision,
                                   const BatchSource& source) {
    TrainingSetup setup;
    setup.step_rule = StepRule::calibrated;
    setup.precision = precision;
    constexpr std::int64_t images = 32;
    const TrainedSteps steps = calibrated_steps(network, parameters, precision, source, images);
    return TrainingGraph(network, parameters, setup, steps).steps();
}

}  // namespace npusim::test
