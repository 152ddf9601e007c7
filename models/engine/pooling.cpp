#include "pooling.h"

#include <algorithm>
#include <limits>

namespace npusim {

namespace {

/// Kernel positions [begin, end) of the window at `origin` that lie on the map.
struct KernelSpan {
    std::int64_t begin = 0;
    std::int64_t end = 0;
};

KernelSpan on_map(std::int64_t origin, std::int64_t kernel, std::int64_t dilation, std::int64_t extent) {
    const std::int64_t begin = origin < 0 ? (-origin + dilation - 1) / dilation : 0;
    const std::int64_t end = origin < extent ? (extent - origin + dilation - 1) / dilation : 0;
    return {begin, std::min(kernel, end)};
}

float largest_of(const float* map, std::int64_t width, const Window& w, std::int64_t top, KernelSpan rows,
                 std::int64_t left, KernelSpan columns) {
    float largest = -std::numeric_limits<float>::infinity();
    for (std::int64_t ky = rows.begin; ky < rows.end; ++ky) {
        const float* line = map + (top + ky * w.dilation_height) * width + left;
        for (std::int64_t kx = columns.begin; kx < columns.end; ++kx) {
            largest = std::max(largest, line[kx * w.dilation_width]);
        }
    }
    return largest;
}

}  // namespace

void max_pool(const TensorShape& in, const TensorShape& out_shape, const Window& w, const float* input, float* out) {
    for (std::int64_t c = 0; c < in.channels; ++c, input += in.height * in.width) {
        for (std::int64_t y = 0; y < out_shape.height; ++y) {
            const std::int64_t top = y * w.stride_height - w.pad_top;
            const KernelSpan rows = on_map(top, w.kernel_height, w.dilation_height, in.height);
            for (std::int64_t x = 0; x < out_shape.width; ++x, ++out) {
                const std::int64_t left = x * w.stride_width - w.pad_left;
                const KernelSpan columns = on_map(left, w.kernel_width, w.dilation_width, in.width);
                *out = largest_of(input, in.width, w, top, rows, left, columns);
            }
        }
    }
}

void slice_pad(const TensorShape& in, const TensorShape& out_shape, std::int64_t stride_height,
               std::int64_t stride_width, std::int64_t channels_before, const float* input, float* out) {
    const std::int64_t map = out_shape.height * out_shape.width;
    std::fill(out, out + out_shape.channels * map, 0.0F);
    out += channels_before * map;
    for (std::int64_t c = 0; c < in.channels; ++c, input += in.height * in.width) {
        for (std::int64_t y = 0; y < out_shape.height; ++y) {
            const float* line = input + y * stride_height * in.width;
            for (std::int64_t x = 0; x < out_shape.width; ++x) *out++ = line[x * stride_width];
        }
    }
}

}  // namespace npusim
