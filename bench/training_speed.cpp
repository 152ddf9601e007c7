// Images per second of training: `bench_training_speed [NETWORK] [BATCH] [SECONDS] [THREADS]`, random weights and
// images, one line each for fp32 and for 4-bit fine-tuning with calibrated and with learned steps. The peer's figures
// come from pytorch_training_speed.py with the same arguments.
#include <tbb/global_control.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "npusim/models/engine/float_executor.h"
#include "npusim/models/finetune/training_graph.h"
#include "npusim/models/graph/zoo.h"

namespace {

using namespace npusim;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// The median over the iterations.
double images_per_second(TrainingGraph& graph, const Network& network, std::int64_t batch, double least_seconds) {
    std::vector<float> images(static_cast<std::size_t>(batch * network.input_shape().elements()));
    const auto noise = random_images(network.input_shape(), 1, 3);
    for (std::size_t i = 0; i < images.size(); ++i) images[i] = noise[0][i % noise[0].size()];
    std::vector<std::int32_t> labels(static_cast<std::size_t>(batch));
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 10);
    std::vector<double> times;
    const Clock::time_point begin = Clock::now();
    while (times.size() < 4 || seconds_since(begin) < least_seconds) {
        const Clock::time_point iteration = Clock::now();
        (void)graph.forward_backward(images, labels, batch, false);
        graph.step({.learning_rate = 1e-4, .momentum = 0.9, .weight_decay = 1e-4, .nesterov = false});
        times.push_back(seconds_since(iteration));
    }
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
    return static_cast<double>(batch) / times[times.size() / 2];
}

double measure(const Network& network, const Parameters& parameters, StepRule rule, std::int64_t batch,
               double seconds) {
    TrainingSetup setup;
    setup.step_rule = rule;
    setup.precision.weight_bits = setup.precision.activation_bits = 4;
    TrainedSteps steps;
    for (const auto& tensor : quantize_structure(network, setup.precision, 47).tensors) {
        steps.activation_steps.push_back(4.0 / static_cast<double>(tensor.range().high));
    }
    if (rule == StepRule::none) steps = {};
    TrainingGraph graph(network, parameters, setup, steps);
    return images_per_second(graph, network, batch, seconds);
}

}  // namespace

int main(int argc, char** argv) {
    const auto argument = [&](int i, const char* otherwise) { return std::string(argc > i ? argv[i] : otherwise); };
    const Network network = make_network(argument(1, "resnet20"));
    const std::int64_t batch = std::stoll(argument(2, "128"));
    const double seconds = std::stod(argument(3, "10"));
    const auto threads = static_cast<std::size_t>(std::stoll(argument(4, "2")));
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    const Parameters parameters = random_parameters(network, 1);
    std::printf("%s, batch %lld, %zu threads, images/s\n", network.name.c_str(), static_cast<long long>(batch),
                threads);
    std::printf("fp32                 %10.1f\n", measure(network, parameters, StepRule::none, batch, seconds));
    std::printf("4 bits, calibrated   %10.1f\n", measure(network, parameters, StepRule::calibrated, batch, seconds));
    std::printf("4 bits, learned      %10.1f\n", measure(network, parameters, StepRule::learned, batch, seconds));
    return EXIT_SUCCESS;
}
