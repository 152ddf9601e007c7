// One image at full resolution through each of the seven networks: the SystemC machine with data against the integer
// engine, to the bit, and the time of both.
//
//     bench_full_resolution ARCH_FOLDER [PRESET] [NETWORK...]
#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "child_process.h"
#include "npusim/arch/arch_spec.h"
#include "npusim/models/engine/calibration.h"
#include "npusim/models/engine/integer_engine.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/quantizer.h"
#include "npusim/sim/simulate.h"
#include "npusim/workloads/lowering/lower.h"

namespace {

using namespace npusim;
using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void compare(const ArchSpec& arch, const std::string& model) {
    const Network network = make_network(model);
    const Parameters parameters = random_parameters(network, 1);
    const auto images = random_images(network.input_shape(), 1, 2);
    const FloatExecutor executor(network, parameters);
    const auto histograms = observe_activations(network, executor, 1, [&](std::int64_t) { return images[0]; });
    const auto quantized =
        quantize(network, parameters, arch.precision, arch.array.accumulator_bits, [&](NodeId node, int bits) {
            const auto& histogram = histograms[node];
            return ActivationRange{histogram.percentile(activation_percentile(bits)), histogram.smallest < 0};
        });
    const auto image = quantize_image(quantized, images[0]);
    auto begin = Clock::now();
    const auto expected = IntegerEngine(quantized).run(image);
    const double engine_ms = milliseconds_since(begin);
    const Program program = lower(quantized, arch);
    begin = Clock::now();
    const RunResult result = simulate({quantized, arch, program, {image}, {}, {}});
    const double machine_ms = milliseconds_since(begin);
    std::printf("%-14s %-14s %10.0f %12.0f   %s\n", arch.name.c_str(), model.c_str(), engine_ms, machine_ms,
                result.logits.front() == expected ? "equal" : "DIFFERENT");
    if (result.logits.front() != expected) throw std::logic_error("the machine and the engine differ");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::printf("usage: bench_full_resolution ARCH_FOLDER [PRESET] [NETWORK...]\n");
        return 2;
    }
    const std::string preset = argc > 2 ? argv[2] : "int4_array";
    const ArchSpec arch = read_arch(std::string(argv[1]) + "/" + preset + ".json");
    std::vector<std::string> models(argv + std::min(argc, 3), argv + argc);
    if (models.empty()) {
        models = {"resnet18", "resnet34", "resnet50", "resnet152", "inception_v3", "densenet161", "vgg16_bn"};
    }
    std::printf("%-14s %-14s %10s %12s   %s\n", "chip", "network", "engine ms", "machine ms", "logits");
    bool ok = true;
    for (const auto& model : models) ok = bench::in_child([&] { compare(arch, model); }).ok && ok;
    return ok ? 0 : 1;
}
