// Checks that both levels of detail agree on pairs; the first that differ is made small and explained.
#pragma once

#include <catch2/catch.hpp>
#include <vector>

#include "support/two_levels.h"

namespace npusim::test {

inline void check_levels_agree(const std::vector<RandomPair>& pairs) {
    const auto differences = level_differences(pairs);
    bool is_explained = false;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        INFO("seed " << pairs[i].seed << ", " << name_of(pairs[i].arch.array.dataflow));
        INFO((differences[i].empty() || is_explained ? "" : explained(pairs[i])));
        is_explained = is_explained || !differences[i].empty();
        CHECK(differences[i] == "");
    }
}

}  // namespace npusim::test
