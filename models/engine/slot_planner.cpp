#include "slot_planner.h"

#include <algorithm>

namespace npusim {

std::size_t SlotPlanner::take(std::int64_t elements) {
    if (free_.empty()) {
        slot_elements_.push_back(elements);
        return slot_elements_.size() - 1;
    }
    // The smallest slot that is large enough; where none is, the largest one grows least.
    const auto better = [&](std::size_t a, std::size_t b) {
        const std::int64_t size_a = slot_elements_[a];
        const std::int64_t size_b = slot_elements_[b];
        if ((size_a >= elements) != (size_b >= elements)) return size_a >= elements;
        return size_a >= elements ? size_a < size_b : size_a > size_b;
    };
    const auto best = std::min_element(free_.begin(), free_.end(), better);
    const std::size_t slot = *best;
    free_.erase(best);
    slot_elements_[slot] = std::max(slot_elements_[slot], elements);
    return slot;
}

std::vector<std::vector<float>> allocate_slots(const std::vector<std::int64_t>& slot_elements) {
    std::vector<std::vector<float>> slots;
    slots.reserve(slot_elements.size());
    for (const std::int64_t elements : slot_elements) slots.emplace_back(static_cast<std::size_t>(elements), 0.0F);
    return slots;
}

}  // namespace npusim
