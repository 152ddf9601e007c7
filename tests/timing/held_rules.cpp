// Rules of the machine that both levels of detail share and that no other test would miss.
#include <catch2/catch.hpp>

#include "support/hand_program.h"

namespace npusim {

using test::hand_arch;
using test::HandProgram;
using test::requantization;

// The vector unit ends at 105 and lets a load and a store go. The load has the bus until 205, the store from then on.
TEST_CASE("Of a load and a store that are asked for in one cycle the load comes first") {
    HandProgram program(hand_arch());
    program.weights(8, {Token::weights_free}, {Token::weights_ready});
    program.vector(requantization(1), {Token::weights_ready}, {Token::output_ready, Token::weights_free});
    program.store(4, {Token::output_ready}, {});
    program.weights(800, {Token::weights_free}, {});
    const Counters counters = program.run();
    CHECK(counters.total_cycles == 315);
    CHECK(counters.load_dma.idle(IdleCause::nothing) == 10);
    CHECK(counters.store_dma.idle(IdleCause::dram) == 200);
    CHECK(counters.store_dma.idle(IdleCause::nothing) == 0);
}

// The first channel moves the weights until 8 and the region's first row until 10, the second channel the other row
// until 2.
TEST_CASE("A region is there when the last of its chunks is, whichever that is") {
    ArchSpec arch = hand_arch();
    arch.dram.channels = 2;
    arch.dram.interleave_bytes = 32;
    const HandProgram hand = HandProgram(arch).weights(32, {}, {}).inputs(1, {}, {});
    Program program = hand.program();
    std::get<LoadCommand>(program.layers[0].commands[1].work).region = {0, 2, 0, 2, 0, 4};
    const Counters counters = test::simulate_in_child(hand.network(), arch, program).total;
    CHECK(counters.total_cycles == 110);
}

}  // namespace npusim
