// The array's cycles, to the cycle, on the machine.
#include <catch2/catch.hpp>

#include "support/hand_program.h"

namespace npusim {

using test::hand_arch;
using test::HandProgram;
using test::one_fold;

namespace {

Counters run(const ArchSpec& arch, const ArrayWork& work) {
    return HandProgram(arch).array(work, {}, {}).run();
}

void check(const Counters& counters, std::uint64_t busy, std::uint64_t fill_drain, std::uint64_t bank_conflict) {
    CHECK(counters.array.busy_cycles == busy);
    CHECK(counters.array.idle(IdleCause::fill_drain) == fill_drain);
    CHECK(counters.array.idle(IdleCause::bank_conflict) == bank_conflict);
    CHECK(counters.total_cycles == busy + fill_drain + bank_conflict);
}

}  // namespace

TEST_CASE("A fold loads R rows, streams its pixels and drains R + C - 2 cycles") {
    check(run(hand_arch(), one_fold(1)), 1, 10, 0);
    check(run(hand_arch(), one_fold(100)), 100, 10, 0);
    ArchSpec arch = hand_arch();
    arch.array.rows = 7;
    arch.array.columns = 3;
    // A fold of which the weights fill only a part takes as long.
    check(run(arch, {20, 2, 1, 1, 1, 1, 8, 8, 1, 1, false}), 20, 7 + 6 + 2, 0);
}

TEST_CASE("With overlapped loading the next fold's weights hide behind the pixels of the present one") {
    ArchSpec arch = hand_arch();
    arch.array.overlap_weight_load = true;
    ArrayWork work = one_fold(20);
    work.reduction = 12;
    check(run(arch, work), 60, 4 + 6, 0);
    // One pixel a fold hides one cycle of the four.
    work.pixels = 1;
    check(run(arch, work), 3, 4 + 3 + 3 + 6, 0);
    arch.array.overlap_weight_load = false;
    check(run(arch, work), 3, 3 * 10, 0);
}

TEST_CASE("An activation port half as wide as a pixel's operands takes two cycles a pixel") {
    ArchSpec arch = hand_arch();
    arch.activation_buffer = {65536, 1, 16};  // a pixel needs 4 rows of 8 bits
    check(run(arch, one_fold(20)), 20, 10, 20);
    arch.activation_buffer.banks = 2;
    check(run(arch, one_fold(20)), 20, 10, 0);
    // Double buffering gives half of the banks to each side.
    arch.double_buffering = true;
    check(run(arch, one_fold(20)), 20, 10, 20);
}

TEST_CASE("A weight port half as wide as a row of weights takes two cycles a row") {
    ArchSpec arch = hand_arch();
    arch.weight_buffer = {65536, 1, 16};
    check(run(arch, one_fold(20)), 20, 10, 4);
    // Behind the pixels of the fold before, eight cycles of loading are hidden.
    arch.array.overlap_weight_load = true;
    ArrayWork work = one_fold(20);
    work.reduction = 8;
    check(run(arch, work), 40, 10, 4);
    work.pixels = 5;
    check(run(arch, work), 10, 10, 4 + 3);
}

TEST_CASE("Accumulators of one bank a side are read and written in two cycles a pixel") {
    ArchSpec arch = hand_arch();
    arch.accumulator_buffer = {65536, 1, 128};  // one pixel of 4 columns of 32 bits
    check(run(arch, one_fold(20, false)), 20, 10, 0);
    check(run(arch, one_fold(20, true)), 20, 10, 20);
    // Of two folds over the reduction the second adds to what the first wrote.
    ArrayWork work = one_fold(20);
    work.reduction = 8;
    check(run(arch, work), 40, 20, 20);
    arch.accumulator_buffer.banks = 2;
    check(run(arch, work), 40, 20, 0);
    arch.double_buffering = true;
    check(run(arch, work), 40, 20, 20);
}

TEST_CASE("Operands wider than the PE take a fold for each pair of slices") {
    ArrayWork work = one_fold(20);
    work.weight_slices = 2;
    work.activation_slices = 3;
    const Counters counters = run(hand_arch(), work);
    check(counters, 6 * 20, 6 * 10, 0);
    CHECK(counters.folds == 6);
    CHECK(counters.macs == 20 * 16);
    CHECK(counters.pe_operations == 6 * 20 * 16);
}

TEST_CASE("PEs without a useful operation are counted, in folds and while the array waits") {
    HandProgram program(hand_arch());
    ArrayWork work = one_fold(20);
    work.reduction = 3;
    program.weights(80, {}, {Token::weights_ready}).array(work, {Token::weights_ready}, {});
    const Counters counters = program.run();
    CHECK(counters.pe_operations == 20 * 12);
    CHECK(counters.pe_idle_in_fold_cycles == 30 * 16 - 20 * 12);
    CHECK(counters.pe_stalled_cycles == 110 * 16);
    CHECK(counters.pe_weight_loads == 12);
}

}  // namespace npusim
