// The operands of a PE's lanes, as they travel together.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace npusim::sim {

/// Up to as many values as a PE has lanes. Copies share what one lane does not hold: a flit is copied at every
/// register.
class LaneValues {
public:
    LaneValues() = default;
    explicit LaneValues(const std::vector<std::int32_t>& values)
        : count_(values.size()), first_(values.empty() ? 0 : values.front()) {
        if (count_ > 1) all_ = std::make_shared<const std::vector<std::int32_t>>(values);
    }
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] std::int32_t operator[](std::size_t lane) const { return lane == 0 ? first_ : (*all_)[lane]; }
    friend bool operator==(const LaneValues& a, const LaneValues& b) {
        if (a.count_ != b.count_ || a.first_ != b.first_) return false;
        return a.all_ == b.all_ || *a.all_ == *b.all_;
    }

private:
    std::size_t count_ = 0;
    std::int32_t first_ = 0;
    std::shared_ptr<const std::vector<std::int32_t>> all_;  ///< of more than one lane
};

}  // namespace npusim::sim
