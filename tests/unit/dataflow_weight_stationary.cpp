// The weight-stationary dataflow against a count fold by fold and access by access.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "npusim/workloads/lowering/dataflow.h"
#include "support/random_arch.h"
#include "support/random_work.h"

namespace npusim {

namespace {

/// Port cycles of moving `bits` at once.
std::int64_t cycles_for(std::int64_t bits, const BufferSpec& buffer, int sides, int times = 1) {
    std::int64_t accesses = 0;
    for (std::int64_t moved = 0; moved < bits; moved += buffer.width_bits) ++accesses;
    const std::int64_t banks = std::max(1, buffer.banks / sides);
    std::int64_t cycles = 0;
    for (std::int64_t done = 0; done < accesses * times; done += banks) ++cycles;
    return std::max<std::int64_t>(1, cycles);
}

/// All folds in order, cycle costs added up one by one.
std::int64_t total_by_walking(const ArchSpec& arch, const ArrayWork& work) {
    const std::int64_t rows = arch.array.rows;
    const std::int64_t columns = arch.array.columns;
    const std::int64_t most_elements = rows * work.lanes;
    const int sides = arch.double_buffering ? 2 : 1;
    std::int64_t total = 0;
    std::int64_t hidden = -1;
    for (std::int64_t g = 0; g < work.groups; ++g) {
        for (std::int64_t n = 0; n < work.out_channels; n += columns) {
            for (std::int64_t k = 0; k < work.reduction; k += most_elements) {
                for (std::int64_t pass = 0; pass < work.weight_slices * work.activation_slices; ++pass) {
                    const std::int64_t elements = std::min(most_elements, work.reduction - k);
                    const std::int64_t on_first_row = std::min<std::int64_t>(elements, work.lanes);
                    const std::int64_t used_columns = std::min(columns, work.out_channels - n);
                    const bool reads = work.accumulates || k > 0 || pass > 0;
                    const std::int64_t load = rows * cycles_for(used_columns * on_first_row * work.weight_slice_bits,
                                                                arch.weight_buffer, sides);
                    const std::int64_t pixel =
                        std::max({std::int64_t{work.cycles_per_step},
                                  cycles_for(elements * work.activation_slice_bits, arch.activation_buffer, sides),
                                  cycles_for(used_columns * arch.array.accumulator_bits, arch.accumulator_buffer, sides,
                                             reads ? 2 : 1)});
                    const bool overlapped = arch.array.overlap_weight_load && hidden >= 0;
                    total += overlapped ? std::max<std::int64_t>(0, load - hidden) : load + rows + columns - 2;
                    total += work.pixels * pixel;
                    hidden = work.pixels * pixel;
                }
            }
        }
    }
    return total;
}

}  // namespace

TEST_CASE("The cycles of random work on random arrays are those of its folds, one after the other") {
    std::mt19937_64 generator(1);
    const DataflowPolicy& policy = dataflow_policy(Dataflow::weight_stationary);
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        const ArchSpec arch = test::RandomArchMaker(seed).make(20);
        const ArrayWork work = test::random_work(generator, arch);
        const ArrayTiming timing = policy.time(arch, work);
        INFO("seed " << seed);
        REQUIRE(static_cast<std::int64_t>(timing.total_cycles()) == total_by_walking(arch, work));
        REQUIRE(timing.busy_cycles == timing.folds * static_cast<std::uint64_t>(work.pixels * work.cycles_per_step));
    }
}

TEST_CASE("Operations and weights are counted once for each group, slice pair, row and column") {
    std::mt19937_64 generator(2);
    const DataflowPolicy& policy = dataflow_policy(Dataflow::weight_stationary);
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        const ArchSpec arch = test::RandomArchMaker(seed).make(20);
        const ArrayWork work = test::random_work(generator, arch);
        const ArrayTiming timing = policy.time(arch, work);
        const auto passes = static_cast<std::uint64_t>(work.groups * work.weight_slices * work.activation_slices);
        const auto weights = static_cast<std::uint64_t>(work.reduction * work.out_channels) * passes;
        REQUIRE(timing.pe_weight_loads == weights);
        REQUIRE(timing.pe_operations == weights * static_cast<std::uint64_t>(work.pixels));
        const std::int64_t on_rows = std::int64_t{arch.array.rows} * work.lanes;
        const auto folds =
            static_cast<std::uint64_t>((work.reduction + on_rows - 1) / on_rows *
                                       ((work.out_channels + arch.array.columns - 1) / arch.array.columns));
        REQUIRE(timing.folds == folds * passes);
        // What is read back was written before: by this command, or by the one that it adds to.
        const auto first = static_cast<std::uint64_t>(work.groups * work.pixels);
        REQUIRE(timing.accumulator_reads <= timing.accumulator_writes);
        REQUIRE((timing.accumulator_reads == timing.accumulator_writes) == work.accumulates);
        REQUIRE(timing.accumulator_writes - timing.accumulator_reads <=
                first * static_cast<std::uint64_t>(work.out_channels * arch.array.accumulator_bits));
        REQUIRE(timing.total_cycles() * static_cast<std::uint64_t>(arch.array.rows * arch.array.columns) >=
                timing.pe_steps);
        const auto lanes = static_cast<std::uint64_t>(work.lanes);
        const auto cycles = static_cast<std::uint64_t>(work.cycles_per_step);
        REQUIRE(timing.pe_steps * lanes >= timing.pe_operations * cycles);
        REQUIRE(timing.pe_steps <= timing.pe_operations * cycles);
    }
}

TEST_CASE("Wide ports never conflict, and overlapped loading is never slower") {
    std::mt19937_64 generator(3);
    const DataflowPolicy& policy = dataflow_policy(Dataflow::weight_stationary);
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        ArchSpec arch = test::RandomArchMaker(seed).make(20);
        const ArrayWork work = test::random_work(generator, arch);
        arch.array.overlap_weight_load = false;
        const auto alone = policy.time(arch, work).total_cycles();
        arch.array.overlap_weight_load = true;
        REQUIRE(policy.time(arch, work).total_cycles() <= alone);
        arch.weight_buffer = arch.activation_buffer = arch.accumulator_buffer = {1 << 20, 4, 65536};
        const ArrayTiming wide = policy.time(arch, work);
        REQUIRE(wide.bank_conflict_cycles == 0);
        REQUIRE(wide.total_cycles() <= alone);
    }
}

}  // namespace npusim
