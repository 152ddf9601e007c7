// Units that meet at the activation buffer and wait for one another, in whole runs.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/check_levels.h"
#include "support/hand_program.h"
#include "support/time_pairs.h"

namespace npusim {
namespace {

using test::HandProgram;

/// One port of 32 bits: a pixel of 4 channels is an access, a load brings two accesses a cycle.
ArchSpec one_narrow_port() {
    ArchSpec arch = test::hand_arch();
    arch.activation_buffer = {65536, 1, 32, 1, true};
    return arch;
}

std::vector<test::RandomPair> arbitrated_pairs(std::uint64_t first_seed, std::size_t count) {
    auto pairs = test::random_pairs(first_seed, count);
    for (auto& pair : pairs) {
        pair.arch.activation_buffer.arbitrated = true;
        pair.arch.keep_on_chip.activations = pair.seed % 3 == 0;
        pair.arch = parse_arch(to_json(pair.arch), "random");
        pair.program = lower(pair.network, pair.arch);
    }
    return pairs;
}

constexpr auto kBankConflict = IdleCause::bank_conflict;

}  // namespace

TEST_CASE("The vector unit works in the cycles that the array leaves it") {
    // The array reads 20 pixels in 30 cycles, in the second and third of every three; the vector unit writes its ten
    // pixels in the first ones, the last in cycle 27.
    const Counters counters =
        HandProgram(one_narrow_port()).array(test::one_fold(20), {}, {}).vector(test::requantization(10), {}, {}).run();
    CHECK(counters.array.idle(kBankConflict) == 0);
    CHECK(counters.vector_unit.busy_cycles == 10);
    CHECK(counters.vector_unit.idle(kBankConflict) == 18);
    CHECK(counters.vector_unit.idle(IdleCause::fill_drain) == 3);
    CHECK(counters.total_cycles == 31);
}

TEST_CASE("What the vector unit reads and writes goes through the same port") {
    VectorWork work = test::requantization(10);
    work.has_residual = true;
    work.residual_bits = 8;
    const Counters counters = HandProgram(one_narrow_port()).vector(work, {}, {}).run();
    CHECK(counters.vector_unit.busy_cycles == 10);
    CHECK(counters.vector_unit.idle(kBankConflict) == 10);  // a residual and a result for each pixel
}

TEST_CASE("The array stands still behind a vector unit that asked before it, and its PEs with it") {
    // Both begin where two loads end, the vector unit's at cycle 101, the array's at 102.
    HandProgram program(one_narrow_port());
    program.weights(8, {}, {Token::accumulator_ready}).weights(8, {}, {Token::weights_ready});
    program.vector(test::requantization(40), {Token::accumulator_ready}, {});
    program.array(test::one_fold(20), {Token::weights_ready}, {});
    const Counters counters = program.run();
    // The vector unit has every cycle from 101 to 140. The array's first read, in its second cycle, comes through in
    // cycle 141 instead of 103; what is left of its 30 cycles follows.
    CHECK(counters.vector_unit.idle(kBankConflict) == 0);
    CHECK(counters.array.idle(kBankConflict) == 38);
    CHECK(counters.total_cycles == 102 + 30 + 38);
    CHECK(counters.pe_stalled_cycles == 16 * (102 + 38));
}

TEST_CASE("A load comes through the port after DRAM, a store before it") {
    // 40 bytes are ten accesses; they arrive in cycles 100 to 104 and are in the buffer after ten cycles instead of
    // five.
    const Counters load = HandProgram(one_narrow_port()).inputs(1, {}, {}).run();
    CHECK(load.total_cycles == 110);
    CHECK(load.load_dma.busy_cycles == 5);
    CHECK(load.load_dma.idle(IdleCause::dram) == 100);
    CHECK(load.load_dma.idle(kBankConflict) == 5);
    // 20 bytes are five accesses in three cycles' time.
    const Counters store = HandProgram(one_narrow_port()).store(1, {}, {}).run();
    CHECK(store.total_cycles == 105);
    CHECK(store.store_dma.idle(kBankConflict) == 2);
    // The array reads in all cycles but 0, 13, 26, …, 117 of its 130: of ten accesses from cycle 100 on, one gets
    // through at 104, one at 117, the others from 130 on.
    const Counters both = HandProgram(one_narrow_port()).array(test::one_fold(120), {}, {}).inputs(1, {}, {}).run();
    CHECK(both.array.idle(kBankConflict) == 0);
    CHECK(both.load_dma.idle(kBankConflict) == 33);
    CHECK(both.total_cycles == 138);
}

TEST_CASE("Weights do not meet activations") {
    const Counters counters =
        HandProgram(one_narrow_port()).array(test::one_fold(120), {}, {}).weights(400, {}, {}).run();
    CHECK(counters.load_dma.idle(kBankConflict) == 0);
    CHECK(counters.total_cycles == 150);
}

TEST_CASE("With an arbitrated buffer both levels of detail agree, and the integers are the reference's") {
    test::check_levels_agree(arbitrated_pairs(610'000, 40));
}

TEST_CASE("Both levels agree where a command begins within a cycle, behind a load that takes no time") {
    // Registers that were clocked from there on once ended behind the edge, and their turn came late.
    for (const std::uint64_t seed : {5'000'423U, 5'000'891U, 5'001'721U, 5'002'031U}) {
        auto pairs = test::random_pairs(seed, 1);
        pairs.front().arch.activation_buffer.arbitrated = true;
        test::check_levels_agree(pairs);
    }
}

TEST_CASE("Arbitration moves cycles and nothing else, and every cycle has its cause") {
    const auto pairs = arbitrated_pairs(620'000, 120);
    const auto with = test::time_all(pairs, [](ArchSpec&) {});
    const auto without = test::time_all(pairs, [](ArchSpec& arch) { arch.activation_buffer.arbitrated = false; });
    std::size_t slower = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        INFO("seed " << pairs[i].seed);
        for (std::size_t l = 0; l < with[i].layers.size(); ++l) {
            const Counters& there = with[i].layers[l].counters;
            const Counters& free = without[i].layers[l].counters;
            for (const UnitCycles* unit : {&there.load_dma, &there.array, &there.vector_unit, &there.store_dma}) {
                CHECK(unit->total_cycles() == there.total_cycles);
            }
            CHECK(there.activation_buffer == free.activation_buffer);
            CHECK(there.dram == free.dram);
            CHECK(there.pe_steps == free.pe_steps);
            CHECK(there.array.busy_cycles == free.array.busy_cycles);
            CHECK(there.array.idle(kBankConflict) >= free.array.idle(kBankConflict));
            slower += there.total_cycles > free.total_cycles ? 1 : 0;
        }
    }
    CHECK(slower > 100);
}

TEST_CASE("With ideal DRAM no layer gets faster by waiting for ports") {
    const auto pairs = arbitrated_pairs(630'000, 150);
    const auto with = test::time_all(pairs, [](ArchSpec& arch) { arch.dram.ideal = true; });
    const auto without = test::time_all(pairs, [](ArchSpec& arch) {
        arch.dram.ideal = true;
        arch.activation_buffer.arbitrated = false;
    });
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        for (std::size_t l = 0; l < with[i].layers.size(); ++l) {
            INFO("seed " << pairs[i].seed << ", layer " << l);
            CHECK(with[i].layers[l].counters.total_cycles >= without[i].layers[l].counters.total_cycles);
        }
    }
}

TEST_CASE("Where there are ports for all, arbitration changes nothing") {
    const auto pairs = arbitrated_pairs(640'000, 80);
    const auto plenty = [](bool arbitrated) {
        return [arbitrated](ArchSpec& arch) {
            arch.dram.ideal = false;
            arch.activation_buffer.banks = 64;
            arch.activation_buffer.width_bits = 65536;
            arch.activation_buffer.ports = 2;
            arch.activation_buffer.arbitrated = arbitrated;
        };
    };
    const auto with = test::time_all(pairs, plenty(true));
    const auto without = test::time_all(pairs, plenty(false));
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        INFO("seed " << pairs[i].seed);
        CHECK(to_json(with[i]) == to_json(without[i]));
    }
}

}  // namespace npusim
