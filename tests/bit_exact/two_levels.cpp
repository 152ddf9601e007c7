// The machine cycle by cycle, and with its commands computed at once: the same cycles, counters, timelines and
// integers.
#include <catch2/catch.hpp>

#include "support/check_levels.h"
#include "support/varied_pair.h"

using namespace npusim;

TEST_CASE(
    "Random networks on random chips take the same cycles, counts, timelines and integers at both levels of detail") {
    test::check_levels_agree(test::varied_pairs(700'000, 60));
}
