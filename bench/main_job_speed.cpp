// How long the cycle-level simulation of each network takes on each preset, on one core: lowering and SystemC run,
// the median of several, and the peak memory of the process.
//
//     bench_main_job_speed ARCH_FOLDER [REPEATS]
#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "child_process.h"
#include "npusim/arch/arch_spec.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/quantizer.h"
#include "npusim/sim/simulate.h"
#include "npusim/workloads/lowering/lower.h"

namespace {

using namespace npusim;

void simulate_once(const ArchSpec& arch, const std::string& model) {
    const Network network = make_network(model);
    const auto quantized = quantize_structure(network, arch.precision, arch.array.accumulator_bits);
    const Program program = lower(quantized, arch);
    const RunResult result = simulate({quantized, arch, program, {}, {}, {}});
    if (result.total.macs != static_cast<std::uint64_t>(count_macs(network))) throw std::logic_error("MACs differ");
}

void measure(const ArchSpec& arch, const std::string& model, int repeats) {
    std::vector<double> times_ms;
    double peak_mib = 0;
    for (int i = 0; i < repeats; ++i) {
        const auto measured = bench::in_child([&] { simulate_once(arch, model); });
        if (!measured.ok) std::exit(1);
        times_ms.push_back(measured.wall_ms);
        peak_mib = std::max(peak_mib, measured.peak_mib);
    }
    std::sort(times_ms.begin(), times_ms.end());
    std::printf("%-14s %-14s %10.1f %10.1f %10.1f %10.1f\n", arch.name.c_str(), model.c_str(), times_ms.front(),
                times_ms[times_ms.size() / 2], times_ms.back(), peak_mib);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::printf("usage: bench_main_job_speed ARCH_FOLDER [REPEATS]\n");
        return 2;
    }
    const std::string folder = argv[1];
    const int repeats = argc > 2 ? std::atoi(argv[2]) : 5;
    std::printf("%-14s %-14s %10s %10s %10s %10s\n", "chip", "network", "min ms", "median ms", "max ms", "peak MiB");
    for (const char* preset : {"int2_array", "int4_array", "int8_array", "int16_array", "fp32_array", "int8_server"}) {
        const ArchSpec arch = read_arch(folder + "/" + preset + ".json");
        for (const char* model :
             {"resnet18", "resnet34", "resnet50", "resnet152", "inception_v3", "densenet161", "vgg16_bn"}) {
            measure(arch, model, repeats);
        }
    }
    return 0;
}
