// Pooling, forward and backward, on NHWC batches: in [images][in_height][in_width][channels], out [images][out_height]
// [out_width][channels]. Every grad_in is overwritten. Scalar: float, double.
#pragma once

#include <cstdint>

namespace npusim {

/// Window (y, x) covers input lines y·stride_height − pad_top + ky·dilation_height (the columns likewise). The output
/// extents are given, so that ceil mode needs no flag: a last window may hang over the padded end.
struct PoolShape {
    std::int64_t in_height = 1;
    std::int64_t in_width = 1;
    std::int64_t channels = 1;
    std::int64_t out_height = 1;
    std::int64_t out_width = 1;
    std::int64_t kernel_height = 1;
    std::int64_t kernel_width = 1;
    std::int64_t stride_height = 1;
    std::int64_t stride_width = 1;
    std::int64_t dilation_height = 1;  ///< average pooling allows 1 only
    std::int64_t dilation_width = 1;
    std::int64_t pad_top = 0;
    std::int64_t pad_left = 0;
    std::int64_t pad_bottom = 0;
    std::int64_t pad_right = 0;
    /// Average pooling divides by the window's area on the padded map (what hangs over it never counts), or, without
    /// this, by its area on the map.
    bool count_include_pad = true;

    [[nodiscard]] std::int64_t in_elements() const { return in_height * in_width * channels; }     ///< one image
    [[nodiscard]] std::int64_t out_elements() const { return out_height * out_width * channels; }  ///< one image
};

/// Throws InputError when an extent is not positive or a window lies wholly beside the map. All kernels check so.
void check_pool_shape(const PoolShape& shape);

/// out = the largest of the window; padding never wins, and of equal ones the first does. `winners`, shaped as out,
/// gets its place: line · in_width + column, for the backward pass.
template <typename Scalar>
void max_pool_forward(const PoolShape& shape, std::int64_t images, const Scalar* in, Scalar* out,
                      std::int32_t* winners);
template <typename Scalar>
void max_pool_backward(const PoolShape& shape, std::int64_t images, const Scalar* grad_out, const std::int32_t* winners,
                       Scalar* grad_in);

template <typename Scalar>
void average_pool_forward(const PoolShape& shape, std::int64_t images, const Scalar* in, Scalar* out);
template <typename Scalar>
void average_pool_backward(const PoolShape& shape, std::int64_t images, const Scalar* grad_out, Scalar* grad_in);

/// Output line y averages input lines floor(y·in/out) … ceil((y + 1)·in/out) − 1, the columns likewise (an output
/// larger than the input repeats pixels). Only the extents and channels of the shape are read.
template <typename Scalar>
void adaptive_average_pool_forward(const PoolShape& shape, std::int64_t images, const Scalar* in, Scalar* out);
template <typename Scalar>
void adaptive_average_pool_backward(const PoolShape& shape, std::int64_t images, const Scalar* grad_out,
                                    Scalar* grad_in);

}  // namespace npusim
