// The vector unit's formulas against the lanes that walk over a command's elements, and those by hand.
#include <catch2/catch.hpp>
#include <random>

#include "npusim/sim/vector_walk.h"
#include "support/random_arch.h"

namespace npusim {

namespace {

VectorWork random_work(std::mt19937_64& generator) {
    const auto draw = [&](std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(generator() % static_cast<std::uint64_t>(high - low + 1));
    };
    VectorWork work;
    work.pixels = draw(1, 40);
    work.channels = draw(1, 70);
    work.reads_accumulators = draw(0, 1) == 1;
    work.sums_lie_by_channel = draw(0, 1) == 1;
    if (!work.reads_accumulators) work.window_area = draw(1, 9);
    work.input_bits = static_cast<int>(draw(1, 16));
    work.has_residual = draw(0, 1) == 1;
    work.residual_bits = static_cast<int>(draw(1, 16));
    for (std::int64_t d = draw(1, 3); d > 0; --d) work.output_bits.push_back(static_cast<int>(draw(1, 16)));
    return work;
}

}  // namespace

TEST_CASE("Cycles and accesses of random vector work are those of its pixels, lanes and destinations") {
    std::mt19937_64 generator(1);
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        const ArchSpec arch = test::RandomArchMaker(seed).make(20);
        const VectorWork work = random_work(generator);
        const VectorTiming timing = time_vector(arch, work);
        VectorWalk walk(arch, work);
        std::uint64_t walked_cycles = 0;
        for (; walk.enters() || walk.drains(); ++walked_cycles) walk.cycle();
        const VectorTiming& expected = walk.timing();
        INFO("seed " << seed);
        REQUIRE(walked_cycles == expected.total_cycles());
        REQUIRE(timing.busy_cycles == expected.busy_cycles);
        REQUIRE(timing.fill_drain_cycles == expected.fill_drain_cycles);
        REQUIRE(timing.accumulator_reads == expected.accumulator_reads);
        REQUIRE(timing.activation_reads == expected.activation_reads);
        REQUIRE(timing.activation_writes == expected.activation_writes);
        REQUIRE(timing.requantize_operations == expected.requantize_operations);
        REQUIRE(timing.alu_operations == expected.alu_operations);
        const VectorAccesses accesses = activation_accesses(arch, work);
        REQUIRE(accesses.operand_reads == walk.accesses().operand_reads);
        REQUIRE(accesses.residual_reads == walk.accesses().residual_reads);
        REQUIRE(accesses.writes == walk.accesses().writes);
    }
}

TEST_CASE("Lanes that are held stand still, while what is in the pipeline goes on") {
    ArchSpec arch;
    arch.vector_unit = {4, 3};
    VectorWork work;
    work.pixels = 2;
    work.channels = 5;
    work.input_bits = 8;
    work.output_bits = {8};
    VectorWalk walk(arch, work);
    for (const bool is_held : {false, true, true, false, true, false, false}) {
        CHECK(walk.enters());
        walk.cycle(is_held);
    }
    CHECK_FALSE(walk.enters());
    for (int stage = 0; stage < 2; ++stage) {
        CHECK(walk.drains());
        walk.cycle();
    }
    CHECK_FALSE(walk.drains());
    CHECK(walk.timing().busy_cycles == 4);  // two groups of lanes a pixel
    CHECK(walk.timing().fill_drain_cycles == 2);
}

}  // namespace npusim
