// The machine with its array PE by PE, and with its array's commands computed at once: the same cycles, counters and
// integers.
#include "support/two_levels.h"

#include <catch2/catch.hpp>

using namespace npusim;

TEST_CASE("Random networks on random chips take the same cycles, counts and integers at both levels of detail") {
    const auto pairs = test::random_pairs(700'000, 60);
    const auto differences = test::level_differences(pairs);
    bool explained = false;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        INFO("seed " << pairs[i].seed << ", " << name_of(pairs[i].arch.array.dataflow));
        INFO((differences[i].empty() || explained ? "" : test::explained(pairs[i])));
        explained = explained || !differences[i].empty();
        CHECK(differences[i] == "");
    }
}
