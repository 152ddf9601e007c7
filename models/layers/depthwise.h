// Convolutions in which every channel is a group of its own, by loops over the channels: a matrix product would be one
// column wide.
#pragma once

#include <algorithm>
#include <cstdint>

#include "conv_columns.h"

namespace npusim {

/// Calls tap(offset of the input pixel, offset of the output pixel, offset of the weights) for every product of every
/// pixel; each offset begins a run of in_channels elements.
template <typename Tap>
void for_each_tap(const ConvShape& s, std::int64_t images, const Tap& tap) {
    std::int64_t out = 0;
    for (std::int64_t image = 0; image < images; ++image) {
        for (std::int64_t y = 0; y < s.out_height; ++y) {
            const std::int64_t top = y * s.stride_height - s.pad_top;
            const KernelSpan rows = on_map(top, s.kernel_height, s.dilation_height, s.in_height);
            for (std::int64_t x = 0; x < s.out_width; ++x, out += s.out_channels) {
                const std::int64_t left = x * s.stride_width - s.pad_left;
                const KernelSpan taps = on_map(left, s.kernel_width, s.dilation_width, s.in_width);
                for (std::int64_t ky = rows.begin; ky < rows.end; ++ky) {
                    const std::int64_t line = (image * s.in_height + top + ky * s.dilation_height) * s.in_width;
                    for (std::int64_t kx = taps.begin; kx < taps.end; ++kx) {
                        tap((line + left + kx * s.dilation_width) * s.in_channels, out,
                            (ky * s.kernel_width + kx) * s.out_channels);
                    }
                }
            }
        }
    }
}

/// sums[i] += a[i] · b[i]
template <typename Scalar>
void add_products(std::int64_t count, const Scalar* __restrict a, const Scalar* __restrict b, Scalar* __restrict sums) {
    for (std::int64_t i = 0; i < count; ++i) sums[i] += a[i] * b[i];
}

template <typename Scalar>
void depthwise_forward(const ConvShape& s, std::int64_t images, const Scalar* in, const Scalar* weights, Scalar* out) {
    std::fill(out, out + images * s.out_elements(), Scalar{0});
    for_each_tap(s, images, [&](std::int64_t from, std::int64_t to, std::int64_t weight) {
        add_products(s.in_channels, in + from, weights + weight, out + to);
    });
}

template <typename Scalar>
void depthwise_backward_input(const ConvShape& s, std::int64_t images, const Scalar* grad_out, const Scalar* weights,
                              Scalar* grad_in) {
    std::fill(grad_in, grad_in + images * s.in_elements(), Scalar{0});
    for_each_tap(s, images, [&](std::int64_t from, std::int64_t to, std::int64_t weight) {
        add_products(s.in_channels, grad_out + to, weights + weight, grad_in + from);
    });
}

template <typename Scalar>
void depthwise_backward_weights(const ConvShape& s, std::int64_t images, const Scalar* in, const Scalar* grad_out,
                                Scalar* grad_weights) {
    for_each_tap(s, images, [&](std::int64_t from, std::int64_t to, std::int64_t weight) {
        add_products(s.in_channels, in + from, grad_out + to, grad_weights + weight);
    });
}

}  // namespace npusim
