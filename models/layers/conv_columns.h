// The windows of a convolution as the rows of a matrix (im2col), and the way back (col2im), in NHWC.
#pragma once

#include <algorithm>
#include <cstdint>

#include "npusim/models/layers/conv2d.h"

namespace npusim {

/// Kernel positions [begin, end) of the window at `origin` that lie on a map of `extent`.
struct KernelSpan {
    std::int64_t begin = 0;
    std::int64_t end = 0;
};

[[nodiscard]] inline KernelSpan on_map(std::int64_t origin, std::int64_t kernel, std::int64_t dilation,
                                       std::int64_t extent) {
    const std::int64_t begin = origin < 0 ? std::min(kernel, (-origin + dilation - 1) / dilation) : 0;
    const std::int64_t end = origin < extent ? std::min(kernel, (extent - origin + dilation - 1) / dilation) : 0;
    return {begin, std::max(begin, end)};
}

/// Cuts the window of output pixel (y, x) into runs that lie together on the map: calls mapped(first column, offset on
/// the map, count) for them and padded(first column, count) for those beside the map. Columns are [ky][kx][channel].
template <typename Mapped, typename Padded>
void for_each_run(const ConvShape& s, std::int64_t y, std::int64_t x, std::int64_t group, const Mapped& mapped,
                  const Padded& padded) {
    const std::int64_t channels = s.group_inputs();
    const std::int64_t line_columns = s.kernel_width * channels;
    const std::int64_t top = y * s.stride_height - s.pad_top;
    const std::int64_t left = x * s.stride_width - s.pad_left;
    const KernelSpan rows = on_map(top, s.kernel_height, s.dilation_height, s.in_height);
    const KernelSpan taps = on_map(left, s.kernel_width, s.dilation_width, s.in_width);
    const bool taps_touch = s.groups == 1 && s.dilation_width == 1;
    padded(0, rows.begin * line_columns);
    for (std::int64_t ky = rows.begin; ky < rows.end; ++ky) {
        const std::int64_t line = (top + ky * s.dilation_height) * s.in_width;
        const std::int64_t column = ky * line_columns;
        padded(column, taps.begin * channels);
        const std::int64_t taps_in_run = taps_touch ? std::max<std::int64_t>(1, taps.end - taps.begin) : 1;
        for (std::int64_t kx = taps.begin; kx < taps.end; kx += taps_in_run) {
            const std::int64_t pixel = line + left + kx * s.dilation_width;
            mapped(column + kx * channels, pixel * s.in_channels + group * channels, taps_in_run * channels);
        }
        padded(column + taps.end * channels, (s.kernel_width - taps.end) * channels);
    }
    padded(rows.end * line_columns, (s.kernel_height - rows.end) * line_columns);
}

/// The windows of output lines [begin, end), counted through all images, as rows of depth() elements.
template <typename Scalar>
void unfold_lines(const ConvShape& s, std::int64_t begin, std::int64_t end, std::int64_t group, const Scalar* in,
                  Scalar* columns) {
    for (std::int64_t line = begin; line < end; ++line) {
        const Scalar* image = in + line / s.out_height * s.in_elements();
        for (std::int64_t x = 0; x < s.out_width; ++x, columns += s.depth()) {
            for_each_run(
                s, line % s.out_height, x, group,
                [&](std::int64_t column, std::int64_t offset, std::int64_t count) {
                    std::copy(image + offset, image + offset + count, columns + column);
                },
                [&](std::int64_t column, std::int64_t count) {
                    std::fill(columns + column, columns + column + count, Scalar{0});
                });
        }
    }
}

/// Adds the rows to the places on the map from which unfold_lines takes them.
template <typename Scalar>
void fold_lines(const ConvShape& s, std::int64_t begin, std::int64_t end, std::int64_t group, const Scalar* columns,
                Scalar* in) {
    for (std::int64_t line = begin; line < end; ++line) {
        Scalar* image = in + line / s.out_height * s.in_elements();
        for (std::int64_t x = 0; x < s.out_width; ++x, columns += s.depth()) {
            for_each_run(
                s, line % s.out_height, x, group,
                [&](std::int64_t column, std::int64_t offset, std::int64_t count) {
                    Scalar* __restrict to = image + offset;
                    const Scalar* __restrict from = columns + column;
                    for (std::int64_t i = 0; i < count; ++i) to[i] += from[i];
                },
                [](std::int64_t, std::int64_t) {});
        }
    }
}

}  // namespace npusim
