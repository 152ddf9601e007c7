// Small training jobs for the tests.
#pragma once

#include "npusim/models/finetune/training_run.h"
#include "npusim/models/graph/network_builder.h"
#include "npusim/workloads/datasets/shapes.h"

namespace npusim::test {

/// Two convolutions, batch norm, a residual, ten classes; takes the drawn images.
inline Network tiny_network() {
    const auto square = [](std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
        Window window;
        window.kernel_height = window.kernel_width = kernel;
        window.stride_height = window.stride_width = stride;
        window.pad_top = window.pad_left = window.pad_bottom = window.pad_right = pad;
        return window;
    };
    NetworkBuilder b("tiny", {3, 32, 32});
    const NodeId stem =
        b.relu("relu0", b.batch_norm("bn0", b.conv2d("conv0", b.input(), 8, square(3, 2, 1), 1, false)));
    const NodeId inner = b.batch_norm("bn1", b.conv2d("conv1", stem, 8, square(3, 1, 1), 1, false));
    const NodeId sum = b.relu("relu1", b.add("add", inner, stem));
    const NodeId pooled = b.average_pool("pool", sum, square(4, 4, 0));
    return b.finish(b.linear("fc", b.flatten("flatten", pooled), 10));
}

inline std::unique_ptr<BatchSource> drawn_images(std::int64_t count) {
    return memory_source(make_shapes_train(count, 3), Augmentation{}, 5);
}

inline TrainingJob tiny_job(const BatchSource& train) {
    TrainingJob job;
    job.network = tiny_network();
    job.start = initial_parameters(job.network, 4);
    job.train = &train;
    job.recipe.epochs = 3;
    job.recipe.batch_images = 32;
    job.recipe.learning_rate.first = 0.05;
    job.recipe.learning_rate.last = 0.001;
    job.recipe.calibration_images = 40;
    return job;
}

}  // namespace npusim::test
