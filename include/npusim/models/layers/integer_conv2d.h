// Convolution of integers of at most 8 bits to 32-bit sums, by the processor's integer dot products.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "npusim/models/layers/conv2d.h"

namespace npusim {

/// What must be known of the operands to tell whether a kernel is exact.
struct IntegerOperands {
    bool signed_input = false;
    std::int64_t largest_input = 0;  ///< the largest magnitude of an input
    /// No sum over any part of a window may exceed this magnitude, in whatever order it is made.
    std::int64_t largest_sum = 0;
    /// [out_channels][in_channels/groups][kernel_height][kernel_width], each within -127 to 127.
    std::span<const std::int16_t> weights;
};

/// One convolution with its weights, for batches of one size. Thread-safe: each call runs on the calling thread.
class IntegerConv2d {
public:
    IntegerConv2d() = default;
    virtual ~IntegerConv2d() = default;
    IntegerConv2d(const IntegerConv2d&) = delete;
    IntegerConv2d& operator=(const IntegerConv2d&) = delete;

    /// Memory that a call wants for itself.
    [[nodiscard]] virtual std::int64_t scratch_bytes() const = 0;
    /// in [images][in_height][in_width][in_channels] of signed or unsigned bytes, out [images][out_height][out_width]
    /// [out_channels], overwritten with the exact sums.
    virtual void run(const std::byte* in, std::int32_t* out, std::byte* scratch) const = 0;
};

/// Null where this build or the processor has no generated code that is exact for these operands.
[[nodiscard]] std::unique_ptr<IntegerConv2d> make_integer_conv2d(const ConvShape& shape, std::int64_t images,
                                                                 const IntegerOperands& operands);

}  // namespace npusim
