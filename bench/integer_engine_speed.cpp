// Images per second of the integer engine: `bench_integer_engine_speed [NETWORK] [BATCH] [SECONDS] [THREADS]`, random
// weights and images at 8, 4 and 2 bits; one line each. integer_engine_speed compares them with the peer's inference in
// fp32, by pytorch_inference_speed.py.
#include <tbb/global_control.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "npusim/models/engine/float_executor.h"
#include "npusim/models/graph/zoo.h"
#include "support/calibrated.h"

namespace {

using namespace npusim;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// The median over the batches.
double images_per_second(const IntegerEngine& engine, const std::vector<std::int32_t>& images, std::int64_t batch,
                         double least_seconds) {
    std::vector<double> times;
    (void)engine.run_batch(images);
    const Clock::time_point begin = Clock::now();
    while (times.size() < 4 || seconds_since(begin) < least_seconds) {
        const Clock::time_point iteration = Clock::now();
        (void)engine.run_batch(images);
        times.push_back(seconds_since(iteration));
    }
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return static_cast<double>(batch) / *middle;
}

void measure(const Network& network, const Parameters& parameters, int bits, std::int64_t batch, double seconds) {
    constexpr int kAccumulatorBits = 47;
    const auto pictures = random_images(network.input_shape(), 8, 3);
    const QuantizedNetwork integers =
        test::quantize_calibrated(network, parameters, test::uniform_precision(bits), kAccumulatorBits, pictures);
    std::vector<std::int32_t> images;
    for (std::int64_t i = 0; i < batch; ++i) {
        const auto image = quantize_image(integers, pictures[static_cast<std::size_t>(i) % pictures.size()]);
        images.insert(images.end(), image.begin(), image.end());
    }
    const auto line = [&](const char* kernels, EngineKernels kind) {
        const IntegerEngine engine(integers, kind);
        std::printf("%d bits, %-8s  %8.0f\n", bits, kernels, images_per_second(engine, images, batch, seconds));
        std::fflush(stdout);
    };
    line("fastest", EngineKernels::fastest);
    if (bits == 8) line("portable", EngineKernels::portable);
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
    for (const int bits : {8, 4, 2}) measure(network, parameters, bits, batch, seconds);
    return EXIT_SUCCESS;
}
