// How the units wait for one another: schedules derived by hand, every idle cycle by its cause.
#include <algorithm>
#include <catch2/catch.hpp>

#include "support/hand_program.h"

namespace npusim {

using test::hand_arch;
using test::HandProgram;
using test::one_fold;
using test::requantization;
using Tokens = std::vector<Token>;

TEST_CASE("A second weight slot hides the second load behind the first tile's work") {
    for (const bool twice : {false, true}) {
        ArchSpec arch = hand_arch();
        arch.double_buffering = twice;
        HandProgram program(arch);
        for (int tile = 0; tile < 2; ++tile) {
            program.weights(80, {Token::weights_free}, {Token::weights_ready});
            program.array(one_fold(20), {Token::weights_ready}, {Token::weights_free});
        }
        const Counters counters = program.run();
        // Loads end at 110 and 120; or the second begins at 140, when the first tile's work has ended.
        CHECK(counters.total_cycles == (twice ? 110U + 30 + 30 : 110U + 30 + 110 + 30));
        CHECK(counters.array.idle(IdleCause::weights) == (twice ? 110U : 220U));
        CHECK(counters.load_dma.idle(IdleCause::buffer) == (twice ? 0U : 30U));
    }
}

TEST_CASE("A load that ends after the array's work is waited for to the cycle") {
    // The first fold ends at 110 + 12, the second load at 110 + bus cycles of the second.
    for (const std::int64_t bus_cycles : {11, 12, 13, 50}) {
        ArchSpec arch = hand_arch();
        arch.double_buffering = true;
        HandProgram program(arch);
        program.weights(80, {Token::weights_free}, {Token::weights_ready});
        program.array(one_fold(2), {Token::weights_ready}, {Token::weights_free});
        program.weights(8 * bus_cycles, {Token::weights_free}, {Token::weights_ready});
        program.array(one_fold(2), {Token::weights_ready}, {Token::weights_free});
        const auto waited = static_cast<std::uint64_t>(std::max<std::int64_t>(0, bus_cycles - 12));
        INFO(bus_cycles << " cycles");
        CHECK(program.run().array.idle(IdleCause::weights) == 110 + waited);
    }
}

namespace {

/// Three tiles in one slot each; the third uses the second's inputs again.
Counters three_tiles() {
    HandProgram program(hand_arch());
    const Tokens finished{Token::accumulator_ready};
    const auto finish = [&] {
        program.vector(requantization(20), {Token::accumulator_ready, Token::output_free},
                       {Token::accumulator_free, Token::output_ready});
        program.store(4, {Token::output_ready}, {Token::output_free});
    };
    program.weights(80, {Token::weights_free}, {Token::weights_ready});
    program.inputs(4, {Token::inputs_free}, {Token::inputs_ready});
    program.array(one_fold(20), {Token::weights_ready, Token::inputs_ready, Token::accumulator_free},
                  {Token::accumulator_ready, Token::inputs_free});
    finish();
    program.inputs(4, {Token::inputs_free}, {Token::inputs_ready});
    program.array(one_fold(20), {Token::inputs_ready, Token::accumulator_free}, finished);
    finish();
    program.array(one_fold(20), {Token::accumulator_free}, finished);
    finish();
    return program.run();
}

UnitCycles cycles(std::uint64_t busy, const std::vector<std::pair<IdleCause, std::uint64_t>>& idle) {
    UnitCycles unit;
    unit.busy_cycles = busy;
    for (const auto& [cause, count] : idle) unit.idle_cycles[static_cast<std::size_t>(cause)] = count;
    return unit;
}

}  // namespace

// Loads: weights 0–110 and inputs 0–130; second inputs 160–280, once the array gave the slot back.
// Array: 130–160, 280–310, and 333–363 once the vector unit gave the accumulators back.
// Vector unit: 160–183, 310–333, and 443–466 once the second store gave the output slot back.
// Stores: 183–293, 333–443, 466–576.
TEST_CASE("Every idle cycle of three tiles has the cause that the schedule by hand gives it") {
    const Counters counters = three_tiles();
    CHECK(counters.total_cycles == 576);
    CHECK(counters.array == cycles(60, {{IdleCause::weights, 110},
                                        {IdleCause::activations, 20 + 120},
                                        {IdleCause::accumulator, 23},
                                        {IdleCause::fill_drain, 30},
                                        {IdleCause::nothing, 213}}));
    CHECK(counters.vector_unit == cycles(60, {{IdleCause::array, 160 + 127 + 30},
                                              {IdleCause::buffer, 80},
                                              {IdleCause::fill_drain, 9},
                                              {IdleCause::nothing, 110}}));
    // 400 bytes need 50 cycles of the 250 with a load outstanding.
    CHECK(counters.load_dma ==
          cycles(50, {{IdleCause::dram, 200}, {IdleCause::buffer, 30}, {IdleCause::nothing, 296}}));
    CHECK(counters.store_dma == cycles(30, {{IdleCause::dram, 300}, {IdleCause::vector_unit, 183 + 40 + 23}}));
}

TEST_CASE("A vector unit without array work waits for its constants and its operand") {
    HandProgram program(hand_arch());
    VectorWork work = requantization(20);
    work.reads_accumulators = false;
    work.input_bits = 8;
    program.weights(64, {Token::weights_free}, {Token::weights_ready});
    program.inputs(4, {Token::inputs_free}, {Token::inputs_ready});
    program.vector(work, {Token::weights_ready, Token::inputs_ready, Token::output_free}, {Token::output_ready});
    program.store(4, {Token::output_ready}, {Token::output_free});
    const Counters counters = program.run();
    // Constants at 108, operand at 128, work until 151, store until 261.
    CHECK(counters.total_cycles == 261);
    CHECK(counters.vector_unit == cycles(20, {{IdleCause::weights, 108},
                                              {IdleCause::activations, 20},
                                              {IdleCause::fill_drain, 3},
                                              {IdleCause::nothing, 110}}));
}

TEST_CASE("A machine whose units wait for each other for ever is reported, with what is unfinished") {
    HandProgram program(hand_arch());
    program.array(one_fold(20), {Token::weights_ready}, {});
    for (const Detail detail : {Detail::transaction, Detail::register_level}) {
        CHECK_THROWS_WITH(program.run_at(detail),
                          Catch::Contains("stands still") && Catch::Contains("unfinished: array"));
    }
}

}  // namespace npusim
