// Transfers, to the cycle.
#include <catch2/catch.hpp>

#include "support/hand_program.h"

namespace npusim {

using test::hand_arch;
using test::HandProgram;
using test::one_fold;

TEST_CASE("A load is ready after its bytes at full bandwidth and the latency, and not a cycle before") {
    for (const std::int64_t bytes : {1, 8, 9, 80, 800}) {
        HandProgram program(hand_arch());
        program.weights(bytes, {}, {Token::weights_ready}).array(one_fold(20), {Token::weights_ready}, {});
        const Counters counters = program.run();
        const auto ready = static_cast<std::uint64_t>((bytes + 7) / 8 + 100);
        INFO(bytes << " bytes");
        CHECK(counters.array.idle(IdleCause::weights) == ready);
        CHECK(counters.total_cycles == ready + 30);
    }
}

TEST_CASE("Latency and bandwidth that are no whole cycles are rounded up once") {
    ArchSpec arch = hand_arch();
    arch.clock_mhz = 500;
    arch.dram.bandwidth_mb_s = 6400;  // 12.8 bytes a cycle
    arch.dram.latency_ns = 101;       // 50.5 cycles
    arch.dram.burst_bytes = 32;       // 2.5 cycles
    CHECK(HandProgram(arch).weights(32, {}, {}).run().total_cycles == 3 + 51);
    // Two bursts one behind the other take 5 cycles, not 3 + 3.
    CHECK(HandProgram(arch).weights(32, {}, {}).weights(32, {}, {}).run().total_cycles == 5 + 51);
}

TEST_CASE("Two transfers are outstanding at once: their latencies overlap, a third waits for the first") {
    const auto loads = [](int count) {
        HandProgram program(hand_arch());
        for (int i = 0; i < count; ++i) program.weights(80, {}, {});
        return program.run().total_cycles;
    };
    CHECK(loads(1) == 110);
    CHECK(loads(2) == 120);
    CHECK(loads(3) == 220);  // issued at 110
    CHECK(loads(4) == 230);  // issued at 120
}

TEST_CASE("A load and a store share the bus in the order in which they are issued") {
    HandProgram program(hand_arch());
    program.weights(800, {}, {}).vector(test::requantization(1), {}, {Token::output_ready});
    program.store(4, {Token::output_ready}, {});
    const Counters counters = program.run();
    // Issued in cycle 4, the store finds the load's 100 cycles on the bus, then takes its own 10.
    CHECK(counters.total_cycles == 210);
    CHECK(counters.store_dma.idle(IdleCause::vector_unit) == 4);
    CHECK(counters.store_dma.busy_cycles == 10);
    CHECK(counters.store_dma.idle(IdleCause::dram) == 196);
    CHECK(counters.load_dma.busy_cycles == 100);
    CHECK(counters.load_dma.idle(IdleCause::dram) == 100);
    CHECK(counters.load_dma.idle(IdleCause::nothing) == 10);
}

TEST_CASE("Whole bursts move: what lies around the bytes is counted as waste and takes its time") {
    ArchSpec arch = hand_arch();
    arch.dram.burst_bytes = 64;
    const auto run = [&](std::int64_t bytes, std::uint64_t address) {
        return HandProgram(arch).weights(bytes, {}, {}, address).run();
    };
    const auto check = [&](std::int64_t bytes, std::uint64_t address, std::uint64_t bursts) {
        const Counters counters = run(bytes, address);
        INFO(bytes << " bytes at " << address);
        CHECK(counters.dram.weight_read_bytes == static_cast<std::uint64_t>(bytes));
        CHECK(counters.dram.burst_waste_bytes == bursts * 64 - static_cast<std::uint64_t>(bytes));
        CHECK(counters.dram.moved_bytes() == bursts * 64);
        CHECK(counters.total_cycles == bursts * 8 + 100);
    };
    check(64, 0, 1);
    check(1, 63, 1);
    check(2, 63, 2);
    check(64, 32, 2);
    check(65, 64, 2);
    check(130, 63, 4);
}

TEST_CASE("Ideal DRAM takes no time and counts the same bytes") {
    ArchSpec arch = hand_arch();
    arch.dram.ideal = true;
    HandProgram program(arch);
    program.weights(801, {}, {Token::weights_ready}).array(one_fold(20), {Token::weights_ready}, {}).store(4, {}, {});
    const Counters counters = program.run();
    CHECK(counters.total_cycles == 30);
    CHECK(counters.dram.weight_read_bytes == 801);
    CHECK(counters.dram.burst_waste_bytes == 7);
    CHECK(counters.dram.output_write_bytes == 80);
    CHECK(counters.load_dma.busy_cycles == 0);
}

TEST_CASE("Every port access of a transfer is counted, the last one in part") {
    ArchSpec arch = hand_arch();
    arch.weight_buffer.width_bits = 128;
    arch.activation_buffer.width_bits = 24;
    const Counters counters = HandProgram(arch).weights(33, {}, {}).inputs(1, {}, {}).store(1, {}, {}).run();
    CHECK(counters.weight_buffer.writes == 3);       // 264 bits
    CHECK(counters.activation_buffer.writes == 14);  // 320 bits
    CHECK(counters.activation_buffer.reads == 7);    // 160 bits
}

}  // namespace npusim
