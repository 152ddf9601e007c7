// The vector unit at register level: its lanes walk over elements, its pipeline is registers, its accesses are words.
// Slow, and sharing nothing with the fast machine's formulas.
#pragma once

#include <cstdint>
#include <vector>

#include "npusim/workloads/lowering/dataflow.h"

namespace npusim {

/// Elements that pass one port one behind the other: a word is accessed when its first bit is needed.
class WordStream {
public:
    explicit WordStream(int width_bits) : width_bits_(width_bits) {}
    /// The words that `bits` more touch for the first time.
    std::uint64_t pass(int bits);

private:
    std::int64_t width_bits_;
    std::int64_t bits_ = 0;
    std::int64_t words_ = 0;
};

/// One vector command, a cycle of its lanes after the other.
class VectorWalk {
public:
    VectorWalk(const ArchSpec& arch, const VectorWork& work);

    /// Is there anything left that enters the lanes?
    [[nodiscard]] bool enters() const { return row_ < rows_; }
    /// Is anything still in the pipeline behind the lanes?
    [[nodiscard]] bool drains() const;
    /// A cycle; `is_held`: nothing enters in it.
    void cycle(bool is_held = false);

    /// So far; its cycles are those in which something entered, or nothing was left to and the pipeline drained.
    [[nodiscard]] const VectorTiming& timing() const { return timing_; }
    /// So far, by what is read and written in the activation buffer.
    [[nodiscard]] const VectorAccesses& accesses() const { return accesses_; }

private:
    /// The pixel of an element that lies at a place of a row.
    [[nodiscard]] std::size_t pixel_of(std::int64_t place) const;
    void take_in(std::size_t pixel);
    void make(std::size_t pixel, std::size_t destination);
    void enter();

    VectorWork work_;
    std::int64_t lanes_, sum_bits_;
    bool lies_by_channel_;
    std::int64_t rows_, places_;
    // Where the lanes are: a row, a group of its places, an element of the window, a destination.
    std::int64_t row_ = 0, group_begin_ = 0, element_ = 0;
    std::size_t destination_ = 0;
    std::vector<bool> pipeline_;
    std::vector<std::vector<WordStream>> operands_;                    ///< [element of the window][pixel]
    std::vector<std::vector<WordStream>> residuals_, results_, sums_;  ///< [destination][pixel, or row of sums]
    VectorTiming timing_;
    VectorAccesses accesses_;
};

}  // namespace npusim
