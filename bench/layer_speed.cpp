// How fast the fine-tuner's convolutions are: GFLOP/s of both backends, forward and backward, on the layers of
// ResNet-20 (one part of a batch on each thread), and the time of the layers between them. The best of several runs.
//
//     bench_layer_speed [IMAGES_PER_PART] [REPEATS]
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "npusim/models/layers/batch_norm.h"
#include "npusim/models/layers/conv2d.h"
#include "npusim/models/layers/pointwise.h"
#include "npusim/models/layers/quantize.h"

namespace {

using namespace npusim;

struct Layer {
    const char* name;
    ConvShape shape;
};

ConvShape square(std::int64_t extent, std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
    ConvShape s;
    s.in_height = s.in_width = extent;
    s.in_channels = in;
    s.out_channels = out;
    s.kernel_height = s.kernel_width = kernel;
    s.stride_height = s.stride_width = stride;
    s.pad_top = s.pad_left = s.pad_bottom = s.pad_right = kernel / 2;
    s.out_height = s.out_width = (extent + 2 * (kernel / 2) - kernel) / stride + 1;
    return s;
}

std::vector<float> values(std::int64_t elements) {
    std::vector<float> made(static_cast<std::size_t>(elements));
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<float>(i * 7919 % 97) / 97.0F - 0.5F;
    return made;
}

/// Seconds of `work(part)` on as many parts as threads, all at once.
template <typename Work>
double seconds_of(int threads, int repeats, const Work& work) {
    tbb::task_arena arena(threads);
    double best = 1e9;
    for (int i = 0; i <= repeats; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        arena.execute([&] {
            tbb::parallel_for(
                0, threads, [&](int part) { work(static_cast<std::size_t>(part)); }, tbb::static_partitioner());
        });
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        if (i > 0) best = std::min(best, took.count());
    }
    return best;
}

struct Part {
    std::vector<float> in, weights, out, grad_in, grad_weights;
    ConvWorkspace workspace;
    Part(const ConvShape& s, std::int64_t images, ConvBackend backend)
        : in(values(images * s.in_elements())),
          weights(values(s.weights())),
          out(values(images * s.out_elements())),
          grad_in(in.size()),
          grad_weights(weights.size()),
          workspace(backend) {}
};

void measure_convolution(const Layer& layer, std::int64_t images, ConvBackend backend, int threads, int repeats) {
    const ConvShape& s = layer.shape;
    std::vector<Part> parts;
    for (int i = 0; i < threads; ++i) parts.emplace_back(s, images, backend);
    const double gflop = 2e-9 * static_cast<double>(s.macs() * images * threads);
    const double forward = seconds_of(threads, repeats, [&](std::size_t i) {
        Part& p = parts[i];
        conv2d_forward<float>(s, images, p.in.data(), p.weights.data(), p.out.data(), p.workspace);
    });
    const double input = seconds_of(threads, repeats, [&](std::size_t i) {
        Part& p = parts[i];
        conv2d_backward_input<float>(s, images, p.out.data(), p.weights.data(), p.grad_in.data(), p.workspace);
    });
    const double weights = seconds_of(threads, repeats, [&](std::size_t i) {
        Part& p = parts[i];
        conv2d_backward_weights<float>(s, images, p.in.data(), p.out.data(), p.grad_weights.data(), p.workspace);
    });
    std::printf("%-22s %-7s %7d %10.1f %10.1f %10.1f\n", layer.name, backend == ConvBackend::eigen ? "eigen" : "onednn",
                threads, gflop / forward, gflop / input, gflop / weights);
}

void measure_convolutions(std::int64_t images, int repeats) {
    const std::vector<Layer> layers{
        {"3x3 3->16 32x32", square(32, 3, 16, 3, 1)},        {"3x3 16->16 32x32", square(32, 16, 16, 3, 1)},
        {"3x3 16->32 32x32 /2", square(32, 16, 32, 3, 2)},   {"3x3 32->32 16x16", square(16, 32, 32, 3, 1)},
        {"3x3 32->64 16x16 /2", square(16, 32, 64, 3, 2)},   {"3x3 64->64 8x8", square(8, 64, 64, 3, 1)},
        {"1x1 64->256 8x8", square(8, 64, 256, 1, 1)},       {"1x1 64->10 1x1", square(1, 64, 10, 1, 1)},
        {"1x1 4096->4096 1x1", square(1, 4096, 4096, 1, 1)}, {"3x3 64->64 56x56", square(56, 64, 64, 3, 1)}};
    std::printf("%-22s %-7s %7s %10s %10s %10s   GFLOP/s\n", "convolution", "backend", "threads", "forward", "back in",
                "back w");
    for (const Layer& layer : layers) {
        for (const ConvBackend backend : {ConvBackend::eigen, ConvBackend::onednn}) {
            if (!has_conv_backend(backend)) continue;
            for (const int threads : {1, 2}) measure_convolution(layer, images, backend, threads, repeats);
        }
    }
}

template <typename Work>
void report(const char* name, std::int64_t elements, int repeats, const Work& work) {
    const double seconds = seconds_of(1, repeats, [&](std::size_t) { work(); });
    std::printf("%-34s %10.2f\n", name, 1e-9 * static_cast<double>(elements) / seconds);
}

void measure_pointwise(std::int64_t images, int repeats) {
    const std::int64_t channels = 16;
    const std::int64_t pixels = images * 32 * 32;
    const std::int64_t elements = pixels * channels;
    const auto in = values(elements);
    const auto gradient = values(elements);
    auto out = values(elements);
    std::vector<double> a(16, 0.0), b(16, 1.0), sums(16, 0.0);
    const std::vector<float> gamma(16, 1.0F), beta(16, 0.0F);
    const BatchNorm<float> norm{channels, a.data(), b.data(), gamma.data(), beta.data()};
    std::printf("\n%-34s %10s   on 1 thread, 16 channels of 32x32\n", "layer", "Gelement/s");
    report("batch norm statistics", elements, repeats,
           [&] { accumulate_statistics(pixels, channels, in.data(), sums.data(), b.data()); });
    b.assign(16, 1.0);
    report("batch norm + ReLU forward", elements, repeats,
           [&] { batch_norm_forward(pixels, in.data(), norm, true, out.data()); });
    report("batch norm + ReLU backward sums", elements, repeats, [&] {
        batch_norm_backward_sums(pixels, in.data(), gradient.data(), norm, true, out.data(), sums.data(), a.data());
    });
    a.assign(16, 0.0);
    report("batch norm + ReLU backward", elements, repeats, [&] {
        batch_norm_backward(pixels, in.data(), gradient.data(), norm, true, pixels, sums.data(), sums.data(),
                            out.data());
    });
    report("add", elements, repeats, [&] { add(elements, in.data(), gradient.data(), out.data()); });
    report("dropout", elements, repeats, [&] { dropout({0.5, 1, 2}, 0, elements, in.data(), out.data()); });
    for (const double step : {0.125, 0.1}) {
        const ActivationQuantizer quantizer{step, unsigned_range(4), Rounding::half_up};
        std::printf("step %.3f:\n", step);
        report("  fake quantization forward", elements, repeats,
               [&] { fake_quantize_forward(elements, quantizer, in.data(), out.data()); });
        report("  fake quantization backward", elements, repeats,
               [&] { fake_quantize_backward(elements, quantizer, in.data(), gradient.data(), out.data()); });
        report("  gradient of the step", elements, repeats,
               [&] { out[0] = static_cast<float>(step_gradient(elements, quantizer, in.data(), gradient.data())); });
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::int64_t images = argc > 1 ? std::atoi(argv[1]) : 16;
    const int repeats = argc > 2 ? std::atoi(argv[2]) : 20;
    measure_convolutions(images, repeats);
    measure_pointwise(images, repeats);
    return 0;
}
