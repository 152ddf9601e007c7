// bench_simulation_speed ARCH_FOLDER [RUNS]: what lowering and simulating one image's layers takes of a processor,
// timing only. Medians of runs, each in a process of its own, on one core; processor time, which other work does not
// change.
#include <sched.h>
#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
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

struct Times {
    double lower_ms = 0;
    double simulate_ms = 0;
    std::uint64_t cycles = 0;
};

struct Case {
    std::string name;
    std::string model;
    ArchSpec arch;
    double aim_ms;  ///< of both together
};

double processor_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

Times measure(const Case& one) {
    const Network graph = make_network(one.model);
    const QuantizedNetwork network = quantize_structure(graph, one.arch.precision, one.arch.array.accumulator_bits);
    Times times;
    double begin_ms = processor_ms();
    const Program program = lower(network, one.arch);
    times.lower_ms = processor_ms() - begin_ms;
    begin_ms = processor_ms();
    times.cycles = simulate({network, one.arch, program, {}, {}, {}}).total.total_cycles;
    times.simulate_ms = processor_ms() - begin_ms;
    return times;
}

/// In a child: SystemC elaborates once in a process.
Times measure_in_child(const Case& one) {
    void* page = ::mmap(nullptr, sizeof(Times), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw std::runtime_error("no memory to share with a child");
    auto* shared = static_cast<Times*>(page);
    const auto child = bench::in_child([&] { *shared = measure(one); });
    const Times times = *shared;
    ::munmap(page, sizeof(Times));
    if (!child.ok) throw std::runtime_error(one.name + " did not end");
    return times;
}

double median_of(std::vector<Times> runs, double Times::*member) {
    std::sort(runs.begin(), runs.end(), [&](const Times& a, const Times& b) { return a.*member < b.*member; });
    return runs[runs.size() / 2].*member;
}

void show(const Case& one, int runs) {
    std::vector<Times> all;
    all.reserve(static_cast<std::size_t>(runs));
    for (int i = 0; i < runs; ++i) all.push_back(measure_in_child(one));
    const double lower_ms = median_of(all, &Times::lower_ms);
    const double simulate_ms = median_of(all, &Times::simulate_ms);
    std::printf("%-44s %9.1f ms %9.1f ms %9.1f ms   (aim %3.0f ms)   %llu cycles\n", one.name.c_str(), lower_ms,
                simulate_ms, lower_ms + simulate_ms, one.aim_ms, static_cast<unsigned long long>(all[0].cycles));
}

std::vector<Case> cases(const std::filesystem::path& folder) {
    const ArchSpec small = read_arch(folder / "int4_array.json");
    ArchSpec with_rows = small;
    with_rows.dram.timing = DramTimingSpec{};
    ArchSpec large = read_arch(folder / "int8_server.json");
    large.array.rows = large.array.columns = 128;
    large.array.dataflow = Dataflow::output_stationary;
    large.dram.ideal = true;
    // Nothing stalls: every port delivers what 128 rows or columns take in a cycle.
    large.weight_buffer = large.activation_buffer = large.accumulator_buffer = {std::int64_t{1} << 24, 4, 8192};
    return {{"resnet34 on int4_array", "resnet34", small, 100},
            {"resnet34 on int4_array, DRAM with rows", "resnet34", with_rows, 100},
            {"resnet34 on 128x128, outputs stay, ideal DRAM", "resnet34", large, 20},
            {"vgg16_bn on int4_array", "vgg16_bn", small, 400}};
}

/// One core, as a sweep's worker has.
void stay_on_one_core() {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &cores);
    if (::sched_setaffinity(0, sizeof(cores), &cores) != 0) std::cerr << "not bound to one core\n";
}

}  // namespace

int main(int count, char** values) {
    try {
        if (count < 2) {
            std::cerr << "usage: bench_simulation_speed ARCH_FOLDER [RUNS]\n";
            return 2;
        }
        stay_on_one_core();
        const int runs = count > 2 ? std::atoi(values[2]) : 9;
        std::printf("%-44s %12s %12s %12s\n", "", "lowering", "simulating", "both");
        for (const Case& one : cases(values[1])) show(one, std::max(1, runs));
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::cerr << "bench_simulation_speed: " << error.what() << '\n';
        return 2;
    }
}
