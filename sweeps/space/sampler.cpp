#include "sampler.h"

#include <boost/random/sobol.hpp>
#include <memory>

namespace npusim::design_space {
namespace {

/// Sobol's points as combinations, repetitions included. Axes of one setting take no dimension, so that there are at
/// most 63 of them.
class SobolSequence {
public:
    SobolSequence(const Grid& grid, std::uint64_t seed) : grid_(&grid) {
        std::mt19937_64 random(seed);
        for (const std::int64_t size : grid.sizes()) {
            if (size > 1) shifts_.push_back(random());
        }
        if (!shifts_.empty()) engine_.emplace(shifts_.size());
    }

    std::int64_t next() {
        std::vector<std::size_t> digits;
        std::size_t dimension = 0;
        for (const std::int64_t size : grid_->sizes()) {
            digits.push_back(size > 1 ? place(coordinate(dimension++), size) : 0);
        }
        is_first_ = false;
        return grid_->number(digits);
    }

private:
    std::uint64_t coordinate(std::size_t dimension) {
        // The engine leaves out the first point, zero, without which the first 2^k points do not spread evenly.
        return shifts_[dimension] ^ (is_first_ ? 0 : (*engine_)());
    }

    /// value / 2^64 · size, rounded down; sizes fit 32 bits because axes are lists in memory.
    static std::size_t place(std::uint64_t value, std::int64_t size) {
        return static_cast<std::size_t>(((value >> 32U) * static_cast<std::uint64_t>(size)) >> 32U);
    }

    const Grid* grid_;
    std::vector<std::uint64_t> shifts_;
    std::optional<boost::random::sobol> engine_;
    bool is_first_ = true;
};

class LowDiscrepancyOrder {
public:
    LowDiscrepancyOrder(const Grid& grid, std::uint64_t seed)
        : grid_(grid), sequence_(grid_, seed), rest_(grid_.size(), seed) {}
    LowDiscrepancyOrder(const LowDiscrepancyOrder&) = delete;
    LowDiscrepancyOrder& operator=(const LowDiscrepancyOrder&) = delete;

    std::optional<std::int64_t> next() {
        constexpr int most_repetitions = 1000;
        for (; repetitions_ < most_repetitions; ++repetitions_) {
            const std::int64_t number = sequence_.next();
            if (!given_.insert(number).second) continue;
            repetitions_ = 0;
            return number;
        }
        for (auto number = rest_.next(); number; number = rest_.next()) {
            if (given_.insert(*number).second) return number;
        }
        return std::nullopt;
    }

private:
    Grid grid_;
    SobolSequence sequence_;
    RandomOrder rest_;
    std::unordered_set<std::int64_t> given_;
    int repetitions_ = 0;
};

}  // namespace

std::int64_t RandomOrder::below(std::int64_t bound) {
    const auto range = static_cast<std::uint64_t>(bound);
    // The lowest 2^64 mod range values would make some results likelier than others.
    const std::uint64_t surplus = (0 - range) % range;
    std::uint64_t value = random_();
    while (value < surplus) value = random_();
    return static_cast<std::int64_t>(value % range);
}

std::optional<std::int64_t> RandomOrder::next() {
    if (given_ == size_) return std::nullopt;
    const auto held = [this](std::int64_t place) {
        const auto found = moved_.find(place);
        return found == moved_.end() ? place : found->second;
    };
    const std::int64_t place = given_ + below(size_ - given_);
    const std::int64_t number = held(place);
    moved_[place] = held(given_);
    moved_.erase(given_);
    ++given_;
    return number;
}

Candidates candidates_of(const Grid& grid, const SweepSample& sample) {
    if (sample.kind == SampleKind::random) {
        return [order = std::make_shared<RandomOrder>(grid.size(), sample.seed)] { return order->next(); };
    }
    if (sample.kind == SampleKind::low_discrepancy) {
        return [order = std::make_shared<LowDiscrepancyOrder>(grid, sample.seed)] { return order->next(); };
    }
    return [next = std::int64_t{0}, size = grid.size()]() mutable -> std::optional<std::int64_t> {
        if (next == size) return std::nullopt;
        return next++;
    };
}

}  // namespace npusim::design_space
