#include "grid.h"

#include <algorithm>
#include <limits>

namespace npusim::design_space {

Grid::Grid(const SweepSpec& spec) {
    for (const SweepAxis& axis : spec.axes) sizes_.push_back(static_cast<std::int64_t>(axis.settings.size()));
    if (!spec.networks.empty()) sizes_.push_back(static_cast<std::int64_t>(spec.networks.size()));
}

std::optional<std::int64_t> Grid::checked_size() const {
    if (std::find(sizes_.begin(), sizes_.end(), 0) != sizes_.end()) return 0;
    std::int64_t size = 1;
    for (const std::int64_t axis_size : sizes_) {
        if (size > std::numeric_limits<std::int64_t>::max() / axis_size) return std::nullopt;
        size *= axis_size;
    }
    return size;
}

std::vector<std::size_t> Grid::digits(std::int64_t number) const {
    std::vector<std::size_t> digits(sizes_.size());
    for (std::size_t axis = sizes_.size(); axis-- > 0; number /= sizes_[axis]) {
        digits[axis] = static_cast<std::size_t>(number % sizes_[axis]);
    }
    return digits;
}

std::int64_t Grid::number(const std::vector<std::size_t>& digits) const {
    std::int64_t number = 0;
    for (std::size_t axis = 0; axis < sizes_.size(); ++axis) {
        number = number * sizes_[axis] + static_cast<std::int64_t>(digits[axis]);
    }
    return number;
}

}  // namespace npusim::design_space
