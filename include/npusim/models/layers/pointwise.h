// Layers that need no neighbours, forward and backward, on NHWC batches. Scalar: float, double. Unless a comment says
// otherwise, an output may be one of the inputs, but must not overlap it in another way.
#pragma once

#include <cstdint>

namespace npusim {

/// out = max(0, in)
template <typename Scalar>
void relu_forward(std::int64_t elements, const Scalar* in, Scalar* out);

/// grad_in = grad_out where out > 0, else 0; `out` is what relu_forward gave (its input does as well).
template <typename Scalar>
void relu_backward(std::int64_t elements, const Scalar* out, const Scalar* grad_out, Scalar* grad_in);

/// out = a + b. Backward: the gradient of both is grad_out.
template <typename Scalar>
void add(std::int64_t elements, const Scalar* a, const Scalar* b, Scalar* out);

/// sums += values; for a tensor that several layers read.
template <typename Scalar>
void accumulate(std::int64_t elements, const Scalar* values, Scalar* sums);

/// out(p, c) = in(p, c) + bias(c)
template <typename Scalar>
void add_bias(std::int64_t pixels, std::int64_t channels, const Scalar* in, const Scalar* bias, Scalar* out);

/// grad_bias(c) += Σ_p grad_out(p, c), the sum of this call in double.
template <typename Scalar>
void bias_backward(std::int64_t pixels, std::int64_t channels, const Scalar* grad_out, Scalar* grad_bias);

/// out(p, first + c) = in(p, c) for c < channels: one input of a concat. `out` has out_channels and is not `in`.
template <typename Scalar>
void copy_into_channels(std::int64_t pixels, std::int64_t channels, const Scalar* in, std::int64_t out_channels,
                        std::int64_t first, Scalar* out);

/// out(p, c) = in(p, first + c) for c < channels: the gradient of one input of a concat. `in` has in_channels and is
/// not `out`.
template <typename Scalar>
void copy_from_channels(std::int64_t pixels, std::int64_t in_channels, std::int64_t first, const Scalar* in,
                        std::int64_t channels, Scalar* out);

/// The option-A shortcut. in [images][in_height][in_width][in_channels], out [images][out_height][out_width]
/// [out_channels].
struct SlicePadShape {
    std::int64_t in_height = 1;
    std::int64_t in_width = 1;
    std::int64_t in_channels = 1;
    std::int64_t out_height = 1;
    std::int64_t out_width = 1;
    std::int64_t out_channels = 1;
    std::int64_t stride = 1;
    std::int64_t channels_before = 0;
};

/// out(n, y, x, c) = in(n, y·stride, x·stride, c − channels_before), 0 where that channel does not exist. out is not
/// in. Throws InputError when a pixel or channel would not exist.
template <typename Scalar>
void slice_pad_forward(const SlicePadShape& shape, std::int64_t images, const Scalar* in, Scalar* out);
/// grad_in is overwritten and is not grad_out.
template <typename Scalar>
void slice_pad_backward(const SlicePadShape& shape, std::int64_t images, const Scalar* grad_out, Scalar* grad_in);

/// Which elements a dropout layer keeps: a pure function of (seed, step, element), so that neither the parts of a
/// batch nor the threads matter. Each layer needs a seed of its own.
struct Dropout {
    double probability = 0.5;  ///< of being dropped; 0 ≤ probability < 1
    std::uint64_t seed = 0;
    std::uint64_t step = 0;
};

/// out = in / (1 − probability) where kept, else 0. `first_element` is the place of in[0] in the whole batch. The
/// backward is the same function, with grad_out for in and grad_in for out.
template <typename Scalar>
void dropout(const Dropout& dropout, std::int64_t first_element, std::int64_t elements, const Scalar* in, Scalar* out);

}  // namespace npusim
