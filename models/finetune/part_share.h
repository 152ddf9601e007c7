// Which parts of a batch this process computes, and how it gets the sums of the others.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "npusim/ranks/ranks.h"

namespace npusim {

/// Numbers begin to end - 1.
struct PartRange {
    std::int64_t begin = 0;
    std::int64_t end = 0;
};

/// Every rank computes some consecutive parts of each batch; sums over parts are those of one process, because every
/// rank gets the other parts' terms and adds all of them in their order.
class PartShare {
public:
    /// Without ranks, all parts are this process's own.
    explicit PartShare(Ranks* ranks) : ranks_(ranks) {}

    /// `unit`: parts that must not be divided among ranks, because their terms are summed where they are made.
    void divide(std::int64_t parts, std::int64_t unit);
    [[nodiscard]] PartRange own() const { return range_of(rank()); }
    [[nodiscard]] bool is_shared() const { return ranks_ != nullptr && ranks_->count() > 1; }

    /// rows[g] belongs to parts g·parts_per_row and following; fills those of the other ranks. All ranks must call it
    /// with rows of one shape.
    template <typename Value>
    void gather(std::span<std::vector<Value>> rows, std::int64_t parts_per_row) const;

    /// `elements` numbers a part one after another (the last part may have fewer); fills those of the other ranks.
    template <typename Value>
    void gather(std::span<Value> values, std::int64_t elements) const;

private:
    [[nodiscard]] int rank() const { return ranks_ != nullptr ? ranks_->rank() : 0; }
    [[nodiscard]] int count() const { return ranks_ != nullptr ? ranks_->count() : 1; }
    [[nodiscard]] PartRange range_of(int rank) const;

    Ranks* ranks_ = nullptr;
    std::int64_t parts_ = 0;
    std::int64_t unit_ = 1;
};

}  // namespace npusim
