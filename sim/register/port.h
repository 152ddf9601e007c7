// An SRAM's ports at register level: an access of each a cycle.
#pragma once

#include <algorithm>
#include <cstdint>

#include "npusim/arch/arch_spec.h"
#include "npusim/base/integer_math.h"

namespace npusim::sim {

class Port {
public:
    Port(const BufferSpec& buffer, bool double_buffering)
        : width_bits_(buffer.width_bits),
          ports_(std::int64_t{std::max(1, buffer.banks / (double_buffering ? 2 : 1))} * buffer.ports) {}

    /// Asks for `bits`, `times` times (a sum is read and written).
    void ask(std::int64_t bits, int times = 1) {
        asked_ = accesses_of(bits) * times;
        left_ = asked_;
    }
    [[nodiscard]] std::int64_t accesses_of(std::int64_t bits) const { return ceil_div(bits, width_bits_); }
    /// Of what was asked for once: are its first `bits` through?
    [[nodiscard]] bool has_moved(std::int64_t bits) const { return asked_ - left_ >= accesses_of(bits); }
    /// Of the last request, as long as no cycle has passed.
    [[nodiscard]] std::uint64_t accesses_asked() const { return static_cast<std::uint64_t>(left_); }
    /// A cycle of all ports; true when what was asked for is through with it.
    bool cycle() {
        left_ = std::max<std::int64_t>(0, left_ - ports_);
        return left_ == 0;
    }

private:
    std::int64_t width_bits_;
    std::int64_t ports_;  ///< of all banks of the side
    std::int64_t asked_ = 0;
    std::int64_t left_ = 0;
};

/// The part of an operand that PEs take in one pass: narrow operands as they are, wide ones cut, the highest slice
/// signed.
[[nodiscard]] inline std::int32_t slice_of(std::int32_t value, std::int64_t slice, std::int64_t slices, int bits) {
    const std::int32_t shifted = value >> (slice * bits);
    return slice + 1 == slices ? shifted : shifted & ((1 << bits) - 1);
}

/// The bit of an activation that enters in one of `bits` cycles, the lowest first; the highest has the operand's sign.
/// An operand that enters in one cycle is whole.
[[nodiscard]] inline std::int32_t bit_of(std::int32_t value, int bit, int bits) {
    return slice_of(value, bit, bits, 1);
}

}  // namespace npusim::sim
