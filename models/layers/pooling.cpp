#include "npusim/models/layers/pooling.h"

#include <algorithm>
#include <string>
#include <vector>

#include "npusim/base/error.h"

namespace npusim {

namespace {

/// Input positions [begin, end) in steps that one window covers along one axis, and by how many its sum is divided.
struct AxisWindow {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t divisor = 1;
};

struct Axis {
    const char* name;
    std::int64_t in, out, kernel, stride, dilation, pad_before, pad_after;
};

Axis height_of(const PoolShape& s) {
    return {"height",        s.in_height,       s.out_height, s.kernel_height,
            s.stride_height, s.dilation_height, s.pad_top,    s.pad_bottom};
}

Axis width_of(const PoolShape& s) {
    return {"width",        s.in_width,       s.out_width, s.kernel_width,
            s.stride_width, s.dilation_width, s.pad_left,  s.pad_right};
}

std::vector<AxisWindow> windows_of(const Axis& a, bool count_include_pad) {
    std::vector<AxisWindow> windows;
    for (std::int64_t i = 0; i < a.out; ++i) {
        const std::int64_t origin = i * a.stride - a.pad_before;
        const std::int64_t beyond = origin + (a.kernel - 1) * a.dilation + 1;
        const std::int64_t missed = origin < 0 ? (-origin + a.dilation - 1) / a.dilation : 0;
        const AxisWindow on_map{origin + missed * a.dilation, std::min(beyond, a.in), 1};
        const std::int64_t padded = std::min(beyond, a.in + a.pad_after) - origin;
        windows.push_back({on_map.begin, on_map.end, count_include_pad ? padded : on_map.end - on_map.begin});
    }
    return windows;
}

std::vector<AxisWindow> adaptive_windows(std::int64_t in, std::int64_t out) {
    std::vector<AxisWindow> windows;
    for (std::int64_t i = 0; i < out; ++i) {
        const std::int64_t begin = i * in / out;
        const std::int64_t end = ((i + 1) * in + out - 1) / out;
        windows.push_back({begin, end, end - begin});
    }
    return windows;
}

void check_axis(const Axis& a) {
    if (a.in < 1 || a.out < 1 || a.kernel < 1 || a.stride < 1 || a.dilation < 1 || a.pad_before < 0 ||
        a.pad_after < 0) {
        throw InputError("pooling", a.name,
                         "extents, kernel, stride and dilation must be at least 1 and padding at least 0");
    }
    const auto windows = windows_of(a, true);
    for (std::size_t i = 0; i < windows.size(); ++i) {
        if (windows[i].begin < windows[i].end) continue;
        throw InputError("pooling", a.name,
                         "window " + std::to_string(i) + " of " + std::to_string(a.out) + " covers nothing of the " +
                             std::to_string(a.in) + " input positions");
    }
}

void check_average(const PoolShape& s) {
    check_pool_shape(s);
    if (s.dilation_height != 1 || s.dilation_width != 1) {
        throw InputError("pooling", "dilation", "average pooling allows 1 only");
    }
}

/// The windows along both axes; calls visit(input pixel, output pixel, divisor) for every pair of every image.
struct Windows {
    std::vector<AxisWindow> rows;
    std::vector<AxisWindow> columns;

    template <typename Visit>
    void for_each_pair(const PoolShape& s, std::int64_t images, const Visit& visit) const {
        std::int64_t out = 0;
        for (std::int64_t image = 0; image < images; ++image) {
            for (const AxisWindow& row : rows) {
                for (const AxisWindow& column : columns) {
                    for (std::int64_t y = row.begin; y < row.end; y += s.dilation_height) {
                        const std::int64_t line = (image * s.in_height + y) * s.in_width;
                        for (std::int64_t x = column.begin; x < column.end; x += s.dilation_width) {
                            visit(line + x, out, row.divisor * column.divisor);
                        }
                    }
                    ++out;
                }
            }
        }
    }
};

Windows average_windows(const PoolShape& s) {
    check_average(s);
    return {windows_of(height_of(s), s.count_include_pad), windows_of(width_of(s), s.count_include_pad)};
}

Windows adaptive_windows(const PoolShape& s) {
    return {adaptive_windows(s.in_height, s.out_height), adaptive_windows(s.in_width, s.out_width)};
}

/// The sum is divided once, as the integer arithmetic does.
template <typename Scalar>
void average(const PoolShape& s, const Windows& windows, std::int64_t images, const Scalar* in, Scalar* out) {
    std::fill(out, out + images * s.out_elements(), Scalar{0});
    windows.for_each_pair(s, images, [&](std::int64_t from, std::int64_t to, std::int64_t) {
        const Scalar* __restrict values = in + from * s.channels;
        Scalar* __restrict sums = out + to * s.channels;
        for (std::int64_t c = 0; c < s.channels; ++c) sums[c] += values[c];
    });
    for (std::int64_t image = 0; image < images; ++image) {
        for (const AxisWindow& row : windows.rows) {
            for (const AxisWindow& column : windows.columns) {
                const auto divisor = static_cast<Scalar>(row.divisor * column.divisor);
                for (std::int64_t c = 0; c < s.channels; ++c) *out++ /= divisor;
            }
        }
    }
}

template <typename Scalar>
void average_gradient(const PoolShape& s, const Windows& windows, std::int64_t images, const Scalar* grad_out,
                      Scalar* grad_in) {
    std::fill(grad_in, grad_in + images * s.in_elements(), Scalar{0});
    windows.for_each_pair(s, images, [&](std::int64_t from, std::int64_t to, std::int64_t divisor) {
        const Scalar* __restrict gradient = grad_out + to * s.channels;
        Scalar* __restrict sums = grad_in + from * s.channels;
        const Scalar share = Scalar{1} / static_cast<Scalar>(divisor);
        for (std::int64_t c = 0; c < s.channels; ++c) sums[c] += gradient[c] * share;
    });
}

}  // namespace

void check_pool_shape(const PoolShape& s) {
    if (s.channels < 1) throw InputError("pooling", "channels", std::to_string(s.channels) + ", at least 1 is allowed");
    check_axis(height_of(s));
    check_axis(width_of(s));
}

template <typename Scalar>
void max_pool_forward(const PoolShape& s, std::int64_t images, const Scalar* in, Scalar* out, std::int32_t* winners) {
    check_pool_shape(s);
    std::fill(winners, winners + images * s.out_elements(), -1);
    const Windows windows{windows_of(height_of(s), true), windows_of(width_of(s), true)};
    const std::int64_t map = s.in_height * s.in_width;
    windows.for_each_pair(s, images, [&](std::int64_t from, std::int64_t to, std::int64_t) {
        const Scalar* __restrict values = in + from * s.channels;
        Scalar* __restrict largest = out + to * s.channels;
        std::int32_t* __restrict winner = winners + to * s.channels;
        const auto place = static_cast<std::int32_t>(from % map);
        for (std::int64_t c = 0; c < s.channels; ++c) {
            // A NaN wins over every number and then stays: a diverged training must show.
            const bool wins = (winner[c] < 0) | (values[c] > largest[c]) | (values[c] != values[c]);
            largest[c] = wins ? values[c] : largest[c];
            winner[c] = wins ? place : winner[c];
        }
    });
}

template <typename Scalar>
void max_pool_backward(const PoolShape& s, std::int64_t images, const Scalar* grad_out, const std::int32_t* winners,
                       Scalar* grad_in) {
    check_pool_shape(s);
    std::fill(grad_in, grad_in + images * s.in_elements(), Scalar{0});
    const std::int64_t out_pixels = s.out_height * s.out_width;
    for (std::int64_t image = 0; image < images; ++image, grad_in += s.in_elements()) {
        for (std::int64_t p = 0; p < out_pixels; ++p, grad_out += s.channels, winners += s.channels) {
            for (std::int64_t c = 0; c < s.channels; ++c) grad_in[winners[c] * s.channels + c] += grad_out[c];
        }
    }
}

template <typename Scalar>
void average_pool_forward(const PoolShape& s, std::int64_t images, const Scalar* in, Scalar* out) {
    average(s, average_windows(s), images, in, out);
}

template <typename Scalar>
void average_pool_backward(const PoolShape& s, std::int64_t images, const Scalar* grad_out, Scalar* grad_in) {
    average_gradient(s, average_windows(s), images, grad_out, grad_in);
}

template <typename Scalar>
void adaptive_average_pool_forward(const PoolShape& s, std::int64_t images, const Scalar* in, Scalar* out) {
    average(s, adaptive_windows(s), images, in, out);
}

template <typename Scalar>
void adaptive_average_pool_backward(const PoolShape& s, std::int64_t images, const Scalar* grad_out, Scalar* grad_in) {
    average_gradient(s, adaptive_windows(s), images, grad_out, grad_in);
}

// NOLINTBEGIN(bugprone-macro-parentheses): the argument is a type.
#define NPUSIM_INSTANTIATE(Scalar)                                                                                \
    template void max_pool_forward(const PoolShape&, std::int64_t, const Scalar*, Scalar*, std::int32_t*);        \
    template void max_pool_backward(const PoolShape&, std::int64_t, const Scalar*, const std::int32_t*, Scalar*); \
    template void average_pool_forward(const PoolShape&, std::int64_t, const Scalar*, Scalar*);                   \
    template void average_pool_backward(const PoolShape&, std::int64_t, const Scalar*, Scalar*);                  \
    template void adaptive_average_pool_forward(const PoolShape&, std::int64_t, const Scalar*, Scalar*);          \
    template void adaptive_average_pool_backward(const PoolShape&, std::int64_t, const Scalar*, Scalar*);
NPUSIM_INSTANTIATE(float)
NPUSIM_INSTANTIATE(double)
#undef NPUSIM_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace npusim
