// What a cost model says of its figures.
#pragma once

#include <algorithm>
#include <string>

#include "npusim/arch/cost.h"

namespace npusim::test {

/// Whether a note of the model has these words.
inline bool mentions(const CostModel& model, const std::string& words) {
    return std::any_of(model.notes.begin(), model.notes.end(),
                       [&](const std::string& note) { return note.find(words) != std::string::npos; });
}

}  // namespace npusim::test
