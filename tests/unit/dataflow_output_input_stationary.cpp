// The output stationary array against one that is clocked PE by PE, the input stationary one against its mirror image.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <utility>
#include <vector>

#include "npusim/workloads/lowering/dataflow.h"
#include "support/random_arch.h"
#include "support/random_work.h"

namespace npusim {

namespace {

/// Operands enter skewed, a step a cycle, and move on by one PE a cycle; PE (r, c) has taken all steps of a fold after
/// its last one passed it. Each column's bus then takes one finished sum a cycle, lowest row first.
class ClockedArray {
public:
    ClockedArray(int rows, int columns) : rows_(rows), columns_(columns) {}

    /// Cycles until the last sum of a fold of `steps` has left.
    [[nodiscard]] std::int64_t run(std::int64_t steps) {
        std::vector<std::vector<std::int64_t>> taken(size(rows_), std::vector<std::int64_t>(size(columns_)));
        std::vector<std::vector<bool>> left(size(rows_), std::vector<bool>(size(columns_)));
        std::int64_t waiting = std::int64_t{rows_} * columns_;
        for (std::int64_t cycle = 0;; ++cycle) {
            for (int r = 0; r < rows_; ++r) {
                for (int c = 0; c < columns_; ++c) {
                    const std::int64_t step = cycle - r - c;  // what the skewed operands carry past this PE now
                    if (step >= 0 && step < steps) ++taken[size(r)][size(c)];
                }
            }
            for (int c = 0; c < columns_; ++c) waiting -= read_one(c, steps, taken, left);
            if (waiting == 0) return cycle + 1;
        }
    }

private:
    static std::size_t size(int number) { return static_cast<std::size_t>(number); }

    int read_one(int c, std::int64_t steps, const std::vector<std::vector<std::int64_t>>& taken,
                 std::vector<std::vector<bool>>& left) const {
        for (int r = 0; r < rows_; ++r) {
            if (left[size(r)][size(c)] || taken[size(r)][size(c)] != steps) continue;
            left[size(r)][size(c)] = true;
            return 1;
        }
        return 0;
    }

    int rows_;
    int columns_;
};

/// Cycles in which operands, or bits of them, enter for a fold.
std::int64_t steps_of(const ArrayWork& work) {
    return (work.reduction + work.lanes - 1) / work.lanes * work.weight_slices * work.activation_slices *
           work.cycles_per_step;
}

void widen_ports(ArchSpec& arch) {
    arch.weight_buffer = arch.activation_buffer = arch.accumulator_buffer = {1 << 20, 4, 65536};
}

}  // namespace

TEST_CASE("An output stationary fold takes the cycles of an array that is clocked PE by PE") {
    const DataflowPolicy& policy = dataflow_policy(Dataflow::output_stationary);
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        std::mt19937_64 generator(seed);
        ArchSpec arch = test::RandomArchMaker(seed).make(20);
        arch.array.overlap_weight_load = false;
        widen_ports(arch);
        ArrayWork work = test::random_work(generator, arch);
        work.pixels = arch.array.rows;
        work.out_channels = arch.array.columns;
        work.groups = 1;
        ClockedArray clocked(arch.array.rows, arch.array.columns);
        const std::int64_t expected = clocked.run(steps_of(work));
        INFO("seed " << seed);
        REQUIRE(static_cast<std::int64_t>(policy.time(arch, work).total_cycles()) == expected);
    }
}

TEST_CASE("Output stationary sums leave the array once, and every operand pair meets in one PE") {
    const DataflowPolicy& policy = dataflow_policy(Dataflow::output_stationary);
    std::mt19937_64 generator(4);
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        ArchSpec arch = test::RandomArchMaker(seed).make(20);
        arch.accumulator_buffer.width_bits = arch.array.accumulator_bits;
        const ArrayWork work = test::random_work(generator, arch);
        const ArrayTiming timing = policy.time(arch, work);
        const auto sums = static_cast<std::uint64_t>(work.groups * work.pixels * work.out_channels);
        const auto passes = static_cast<std::uint64_t>(work.weight_slices * work.activation_slices);
        const auto steps = static_cast<std::uint64_t>(steps_of(work));
        REQUIRE(timing.accumulator_writes == sums);
        REQUIRE(timing.accumulator_reads == (work.accumulates ? sums : 0));
        REQUIRE(timing.pe_operations == sums * static_cast<std::uint64_t>(work.reduction) * passes);
        REQUIRE(timing.pe_steps == sums * steps);
        REQUIRE(timing.busy_cycles == timing.folds * steps);
    }
}

TEST_CASE("Input stationary is weight stationary with operands, and their ports, exchanged") {
    std::mt19937_64 generator(5);
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        const ArchSpec arch = test::RandomArchMaker(seed).make(20);
        ArrayWork work = test::random_work(generator, arch);
        work.cycles_per_step = 1;  // whole weights wait for a slow port otherwise, bits of activations do not
        ArchSpec mirrored = arch;
        std::swap(mirrored.weight_buffer, mirrored.activation_buffer);
        ArrayWork other = work;
        std::swap(other.pixels, other.out_channels);
        std::swap(other.weight_slice_bits, other.activation_slice_bits);
        const ArrayTiming input = dataflow_policy(Dataflow::input_stationary).time(arch, work);
        const ArrayTiming weight = dataflow_policy(Dataflow::weight_stationary).time(mirrored, other);
        INFO("seed " << seed);
        REQUIRE(input.total_cycles() == weight.total_cycles());
        REQUIRE(input.bank_conflict_cycles == weight.bank_conflict_cycles);
        REQUIRE(input.folds == weight.folds);
        REQUIRE(input.weight_reads == weight.activation_reads);
        REQUIRE(input.activation_reads == weight.weight_reads);
        REQUIRE(input.accumulator_writes == weight.accumulator_writes);
    }
}

TEST_CASE("In every dataflow wide ports never conflict, and overlapping folds is never slower") {
    std::mt19937_64 generator(6);
    for (const auto& [dataflow, policy] : dataflows()) {
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            ArchSpec arch = test::RandomArchMaker(seed).make(20);
            const ArrayWork work = test::random_work(generator, arch);
            arch.array.overlap_weight_load = false;
            const auto alone = policy->time(arch, work).total_cycles();
            arch.array.overlap_weight_load = true;
            const auto overlapped = policy->time(arch, work).total_cycles();
            REQUIRE(overlapped <= alone);
            widen_ports(arch);
            const ArrayTiming wide = policy->time(arch, work);
            INFO(name_of(dataflow) << ", seed " << seed);
            REQUIRE(wide.bank_conflict_cycles == 0);
            REQUIRE(wide.total_cycles() <= overlapped);
        }
    }
}

}  // namespace npusim
