// The vector unit's cycles, to the cycle, on the machine.
#include <catch2/catch.hpp>

#include "support/hand_program.h"

namespace npusim {

using test::hand_arch;
using test::HandProgram;
using test::requantization;

namespace {

Counters run(const ArchSpec& arch, const VectorWork& work) {
    return HandProgram(arch).vector(work, {}, {}).run();
}

}  // namespace

TEST_CASE("The vector unit makes a group of lanes a cycle and drains its pipeline once") {
    for (const int depth : {1, 4, 9}) {
        for (const int lanes : {1, 3, 4, 5}) {
            ArchSpec arch = hand_arch();
            arch.vector_unit = {lanes, depth};
            const Counters counters = run(arch, requantization(20));
            const auto groups = static_cast<std::uint64_t>((4 + lanes - 1) / lanes);
            INFO(lanes << " lanes, " << depth << " stages");
            CHECK(counters.vector_unit.busy_cycles == 20 * groups);
            CHECK(counters.vector_unit.idle(IdleCause::fill_drain) == static_cast<std::uint64_t>(depth - 1));
            CHECK(counters.total_cycles == 20 * groups + static_cast<std::uint64_t>(depth - 1));
        }
    }
}

TEST_CASE("Each command drains the pipeline, commands do not overlap") {
    HandProgram program(hand_arch());
    program.vector(requantization(20), {}, {}).vector(requantization(1), {}, {});
    CHECK(program.run().total_cycles == 23 + 4);
}

TEST_CASE("A pooling window takes a cycle an element, a second destination a cycle more") {
    VectorWork work;
    work.pixels = 10;
    work.channels = 4;
    work.window_area = 9;
    work.input_bits = 8;
    work.output_bits = {8};
    Counters counters = run(hand_arch(), work);
    CHECK(counters.total_cycles == 10 * 9 + 3);
    CHECK(counters.vector_alu_operations == 40 * 8);
    CHECK(counters.activation_buffer.reads == 10 * 9);
    CHECK(counters.activation_buffer.writes == 10);
    CHECK(counters.accumulator_buffer.reads == 0);
    work.output_bits = {8, 4};
    counters = run(hand_arch(), work);
    CHECK(counters.total_cycles == 10 * 10 + 3);
    CHECK(counters.requantize_operations == 80);
    CHECK(counters.activation_buffer.writes == 20);
}

TEST_CASE("Sums and residuals are read once for each destination") {
    VectorWork work = requantization(10);
    work.has_residual = true;
    work.residual_bits = 8;
    work.output_bits = {8, 8};
    const Counters counters = run(hand_arch(), work);
    CHECK(counters.total_cycles == 10 * 2 + 3);
    CHECK(counters.accumulator_buffer.reads == 20);
    CHECK(counters.activation_buffer.reads == 20);
    CHECK(counters.vector_alu_operations == 80);
    CHECK(counters.requantize_operations == 80);
}

}  // namespace npusim
