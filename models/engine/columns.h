// Unfolds the windows of a convolution into the columns of a matrix (im2col), block by block, so that the convolution
// becomes a matrix product.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "npusim/base/integer_math.h"
#include "npusim/models/graph/network.h"

namespace npusim {

struct ConvolutionShape {
    TensorShape input;
    TensorShape output;
    Window window;
    std::int64_t groups = 1;
    [[nodiscard]] std::int64_t group_inputs() const { return input.channels / groups; }
    [[nodiscard]] std::int64_t group_outputs() const { return output.channels / groups; }
    [[nodiscard]] std::int64_t depth() const { return group_inputs() * window.kernel_height * window.kernel_width; }
    [[nodiscard]] std::int64_t pixels() const { return output.height * output.width; }
    /// The input map itself is the matrix of columns. (Padding would make the output larger than the input.)
    [[nodiscard]] bool is_pointwise() const {
        return input.height == output.height && input.width == output.width && window.kernel_height == 1 &&
               window.kernel_width == 1 && window.stride_height == 1 && window.stride_width == 1;
    }
};

/// One line of a column matrix: output row `y` seen by the kernel's column `kx` on the input line `line`.
template <typename T>
void unfold_line(const float* line, const ConvolutionShape& shape, std::int64_t kx, T* out) {
    const Window& w = shape.window;
    const std::int64_t stride = w.stride_width;
    const std::int64_t first = kx * w.dilation_width - w.pad_left;
    const auto beyond = [&](std::int64_t x) {
        return std::min(shape.output.width, ceil_div(std::max<std::int64_t>(0, x - first), stride));
    };
    const std::int64_t begin = beyond(0);
    const std::int64_t end = std::max(begin, beyond(shape.input.width));
    std::fill(out, out + begin, T{0});
    if (stride == 1) {
        std::copy(line + first + begin, line + first + end, out + begin);
    } else {
        for (std::int64_t x = begin; x < end; ++x) out[x] = static_cast<T>(line[first + x * stride]);
    }
    std::fill(out + end, out + shape.output.width, T{0});
}

/// The columns of output rows [row_begin, row_end): depth() lines of (row_end − row_begin) · output width.
template <typename T>
void unfold(const float* group_input, const ConvolutionShape& shape, std::int64_t row_begin, std::int64_t row_end,
            T* out) {
    const Window& w = shape.window;
    const TensorShape& in = shape.input;
    const std::int64_t width = shape.output.width;
    for (std::int64_t c = 0; c < shape.group_inputs(); ++c) {
        const float* map = group_input + c * in.height * in.width;
        for (std::int64_t ky = 0; ky < w.kernel_height; ++ky) {
            for (std::int64_t kx = 0; kx < w.kernel_width; ++kx) {
                for (std::int64_t y = row_begin; y < row_end; ++y, out += width) {
                    const std::int64_t iy = y * w.stride_height - w.pad_top + ky * w.dilation_height;
                    if (iy < 0 || iy >= in.height) {
                        std::fill(out, out + width, T{0});
                    } else {
                        unfold_line(map + iy * in.width, shape, kx, out);
                    }
                }
            }
        }
    }
}

/// Calls consume(group, first pixel, pixels, columns, stride) for blocks of columns that fit into a cache; `columns`
/// has depth() lines, `stride` elements apart. `scratch` keeps its memory from call to call.
template <typename T, typename Consume>
void for_each_block(const float* input, const ConvolutionShape& shape, std::vector<T>& scratch, Consume consume) {
    const std::int64_t group_elements = shape.group_inputs() * shape.input.height * shape.input.width;
    // Half of a common second-level cache, but never so few columns that packing the weights would dominate.
    constexpr std::int64_t block_elements = 1 << 18;
    constexpr std::int64_t least_columns = 128;
    const std::int64_t columns = std::max(least_columns, block_elements / shape.depth());
    const std::int64_t rows = std::clamp<std::int64_t>(columns / shape.output.width, 1, shape.output.height);
    for (std::int64_t group = 0; group < shape.groups; ++group) {
        const float* group_input = input + group * group_elements;
        if constexpr (std::is_same_v<T, float>) {
            if (shape.is_pointwise()) {
                consume(group, std::int64_t{0}, shape.pixels(), group_input, shape.pixels());
                continue;
            }
        }
        scratch.resize(static_cast<std::size_t>(std::max<std::int64_t>(static_cast<std::int64_t>(scratch.size()),
                                                                       shape.depth() * rows * shape.output.width)));
        for (std::int64_t row = 0; row < shape.output.height; row += rows) {
            const std::int64_t row_end = std::min(row + rows, shape.output.height);
            const std::int64_t pixels = (row_end - row) * shape.output.width;
            unfold(group_input, shape, row, row_end, scratch.data());
            consume(group, row * shape.output.width, pixels, static_cast<const T*>(scratch.data()), pixels);
        }
    }
}

}  // namespace npusim
