// Cycles of one convolution that fits on the chip, with DRAM out of the way, against the published formula.
#include <catch2/catch.hpp>
#include <random>

#include "npusim/base/integer_math.h"
#include "npusim/models/graph/network_builder.h"
#include "npusim/models/graph/zoo.h"
#include "npusim/models/quantization/quantizer.h"
#include "npusim/sweeps/precision_ladder.h"
#include "support/simulate_in_child.h"

namespace npusim {

namespace {

struct Shape {
    int rows = 0;     ///< R
    int columns = 0;  ///< C
    std::int64_t in_channels = 0;
    std::int64_t kernel = 1;
    std::int64_t out_channels = 0;  ///< N
    std::int64_t extent = 1;
    [[nodiscard]] std::int64_t reduction() const { return in_channels * kernel * kernel; }
    [[nodiscard]] std::int64_t pixels() const { return extent * extent; }
    [[nodiscard]] std::int64_t folds() const {
        return ceil_div<std::int64_t>(reduction(), rows) * ceil_div<std::int64_t>(out_channels, columns);
    }
};

std::vector<Shape> shapes() {
    std::vector<Shape> all{{1, 1, 1, 1, 1, 1}, {16, 16, 16, 1, 16, 4}, {16, 16, 17, 1, 17, 4}, {8, 32, 3, 7, 40, 9}};
    std::mt19937_64 generator(1);
    const auto draw = [&](int low, int high) {
        return low + static_cast<int>(generator() % static_cast<std::uint64_t>(high - low + 1));
    };
    while (all.size() < 60) {
        all.push_back({draw(1, 40), draw(1, 40), draw(1, 60), 2 * draw(0, 2) + 1, draw(1, 60), draw(1, 12)});
    }
    return all;
}

ArchSpec roomy(const Shape& shape, bool overlap) {
    ArchSpec arch;
    arch.name = "roomy";
    arch.array.rows = shape.rows;
    arch.array.columns = shape.columns;
    arch.array.accumulator_bits = 31;
    arch.array.overlap_weight_load = overlap;
    arch.weight_buffer = arch.activation_buffer = arch.accumulator_buffer = {std::int64_t{1} << 24, 4, 4096};
    arch.double_buffering = false;
    arch.dram.ideal = true;
    return arch;
}

QuantizedNetwork convolution(const Shape& shape) {
    NetworkBuilder builder("one", {shape.in_channels, shape.extent, shape.extent});
    const NodeId conv = builder.conv2d("conv", builder.input(),
                                       {.out_channels = shape.out_channels,
                                        .kernel_height = shape.kernel,
                                        .kernel_width = shape.kernel,
                                        .pad_height = shape.kernel / 2,
                                        .pad_width = shape.kernel / 2});
    return quantize_structure(builder.finish(conv), {}, 31);
}

/// Checks all shapes, a child each: the array by `array_cycles`, and nothing else but the vector unit.
template <typename Formula>
void check_shapes(bool overlap, const Formula& array_cycles) {
    const std::vector<Shape> all = shapes();
    std::vector<WorkerJob> jobs;
    for (const Shape& shape : all) {
        jobs.emplace_back([&shape, overlap](const FractionSink&) {
            const ArchSpec arch = roomy(shape, overlap);
            const QuantizedNetwork network = convolution(shape);
            const Program program = lower(network, arch);
            return simulate({network, arch, program, {}, {}, {}});
        });
    }
    const auto outcomes = run_in_workers(jobs);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Shape& shape = all[i];
        const Counters& counters = result_or_throw(outcomes[i]).total;
        INFO("R " << shape.rows << ", C " << shape.columns << ", K " << shape.reduction() << ", N "
                  << shape.out_channels << ", T " << shape.pixels());
        const std::uint64_t fill_drain = counters.array.idle(IdleCause::fill_drain);
        const std::uint64_t array = counters.array.busy_cycles + fill_drain;
        REQUIRE(static_cast<std::int64_t>(array) == array_cycles(shape));
        REQUIRE(counters.array.idle(IdleCause::bank_conflict) == 0);
        REQUIRE(static_cast<std::int64_t>(counters.folds) == shape.folds());
        REQUIRE(counters.array.busy_cycles == counters.folds * static_cast<std::uint64_t>(shape.pixels()));
        // 16 lanes, a pipeline of 4 stages.
        const std::int64_t vector = shape.pixels() * ceil_div<std::int64_t>(shape.out_channels, 16) + 3;
        REQUIRE(static_cast<std::int64_t>(counters.total_cycles) == array_cycles(shape) + vector);
    }
}

}  // namespace

TEST_CASE("A convolution takes folds times (2R + C + T - 2) cycles, and the vector unit's after that") {
    check_shapes(false, [](const Shape& s) { return s.folds() * (2 * s.rows + s.columns + s.pixels() - 2); });
}

TEST_CASE("With overlapped loading only what T pixels do not hide of R rows is left of each later load") {
    check_shapes(true, [](const Shape& s) {
        const std::int64_t first = 2 * s.rows + s.columns + s.pixels() - 2;
        return first + (s.folds() - 1) * std::max<std::int64_t>(s.rows, s.pixels());
    });
}

TEST_CASE("The machine counts the graph's MACs, for every network of the zoo on every preset") {
    std::vector<Network> networks;
    for (const auto& entry : zoo()) networks.push_back(entry.make(entry.image_size, entry.classes));
    std::vector<ArchSpec> archs;
    for (const char* name : {"int8_array", "int4_array", "int2_array", "int16_array", "fp32_array", "bf16_array",
                             "int8_server", "int4_dot16_array", "composable_array", "bit_serial_array"}) {
        archs.push_back(read_arch(std::filesystem::path(NPUSIM_SOURCE_DIR) / "arch" / (std::string(name) + ".json")));
    }
    std::vector<WorkerJob> jobs;
    for (const Network& network : networks) {
        for (const ArchSpec& arch : archs) {
            jobs.emplace_back([&](const FractionSink& progress) { return run_timing(network, arch, progress); });
        }
    }
    const auto outcomes = run_in_workers(jobs);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const Network& network = networks[i / archs.size()];
        INFO(network.name << " on " << archs[i % archs.size()].name);
        CHECK(result_or_throw(outcomes[i]).total.macs == static_cast<std::uint64_t>(count_macs(network)));
    }
}

}  // namespace npusim
