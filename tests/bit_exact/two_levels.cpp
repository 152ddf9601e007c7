// The machine with its array PE by PE, and with its array's commands computed at once: the same cycles, counters and
// integers.
#include <catch2/catch.hpp>

#include "support/check_levels.h"

using namespace npusim;

TEST_CASE("Random networks on random chips take the same cycles, counts and integers at both levels of detail") {
    test::check_levels_agree(test::random_pairs(700'000, 60));
}
