// An SRAM port at register level: some banks, an access of each a cycle.
#pragma once

#include <algorithm>
#include <cstdint>

#include "npusim/arch/arch_spec.h"

namespace npusim::sim {

class Port {
public:
    Port(const BufferSpec& buffer, bool double_buffering)
        : width_bits_(buffer.width_bits), banks_(std::max(1, buffer.banks / (double_buffering ? 2 : 1))) {}

    /// Asks for `bits`, `times` times (a sum is read and written).
    void ask(std::int64_t bits, int times = 1) {
        left_ = 0;
        for (std::int64_t moved = 0; moved < bits; moved += width_bits_) left_ += times;
    }
    /// Of the last request, as long as no cycle has passed.
    [[nodiscard]] std::uint64_t accesses_asked() const { return static_cast<std::uint64_t>(left_); }
    /// A cycle of all banks; true when what was asked for is through with it.
    bool cycle() {
        left_ = std::max<std::int64_t>(0, left_ - banks_);
        return left_ == 0;
    }

private:
    std::int64_t width_bits_;
    std::int64_t banks_;
    std::int64_t left_ = 0;
};

/// The part of an operand that PEs take in one pass: narrow operands as they are, wide ones cut, the highest slice
/// signed.
[[nodiscard]] inline std::int32_t slice_of(std::int32_t value, std::int64_t slice, std::int64_t slices, int bits) {
    const std::int32_t shifted = value >> (slice * bits);
    return slice + 1 == slices ? shifted : shifted & ((1 << bits) - 1);
}

}  // namespace npusim::sim
