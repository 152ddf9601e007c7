#include "integer_operators.h"

#include <algorithm>
#include <type_traits>

namespace npusim {

namespace {

struct Largest {
    template <typename Sum, typename T>
    static Sum join(Sum sum, T value) {
        return std::max(sum, static_cast<Sum>(value));
    }
};

struct Total {
    template <typename Sum, typename T>
    static Sum join(Sum sum, T value) {
        return sum + static_cast<Sum>(value);
    }
};

/// Input rows or columns [begin, end) in steps of the dilation that one window covers on the map.
struct Taps {
    std::int64_t begin, end;
};

Taps taps_on_map(std::int64_t first, std::int64_t kernel, std::int64_t dilation, std::int64_t extent) {
    std::int64_t begin = first;
    while (begin < 0) begin += dilation;
    return {begin, std::min(first + kernel * dilation, extent)};
}

template <typename Join, typename T, typename Sum>
void join_windows(const QuantizedNode& node, const IntegerView& input, std::int64_t images, Sum nothing, Sum* out) {
    const Window& w = node.window;
    const TensorShape& in = node.input_shape;
    const TensorShape& shape = node.output_shape;
    const std::int64_t channels = shape.channels;
    for (std::int64_t row = 0; row < images * shape.height; ++row) {
        const std::int64_t image_pixels = row / shape.height * in.height * in.width;
        const auto top =
            window_begin(row % shape.height, w.stride_height, w.pad_top, node.adaptive, in.height, shape.height);
        const Taps rows = taps_on_map(top, w.kernel_height, w.dilation_height, in.height);
        for (std::int64_t x = 0; x < shape.width; ++x, out += channels) {
            const auto left = window_begin(x, w.stride_width, w.pad_left, node.adaptive, in.width, shape.width);
            const Taps columns = taps_on_map(left, w.kernel_width, w.dilation_width, in.width);
            std::fill(out, out + channels, nothing);
            for (std::int64_t iy = rows.begin; iy < rows.end; iy += w.dilation_height) {
                for (std::int64_t ix = columns.begin; ix < columns.end; ix += w.dilation_width) {
                    const T* pixel = input.pixel<T>(image_pixels + iy * in.width + ix);
                    for (std::int64_t c = 0; c < channels; ++c) out[c] = Join::join(out[c], pixel[c]);
                }
            }
        }
    }
}

template <typename T, typename Sum>
void pool_as(const QuantizedNode& node, const IntegerView& input, std::int64_t images, Sum* out) {
    if (node.op == QuantizedOp::average_pool) return join_windows<Total, T, Sum>(node, input, images, 0, out);
    const auto low = static_cast<Sum>(activation_range(node.input_bits, node.input_signed).low);
    join_windows<Largest, T, Sum>(node, input, images, low, out);
}

}  // namespace

void pool_windows(const QuantizedNode& node, const IntegerView& input, std::int64_t images, Storage storage,
                  std::byte* sums) {
    with_element(input.storage, [&]<typename T>(T) {
        if constexpr (!std::is_same_v<T, std::int64_t>) {
            void* out = sums;
            if (storage == Storage::i32) {
                pool_as<T>(node, input, images, static_cast<std::int32_t*>(out));
            } else {
                pool_as<T>(node, input, images, static_cast<std::int64_t*>(out));
            }
        }
    });
}

void slice_and_pad(const QuantizedNode& node, const IntegerView& input, std::int64_t images, std::int32_t* out) {
    const TensorShape& in = node.input_shape;
    const TensorShape& shape = node.output_shape;
    std::fill(out, out + images * shape.elements(), 0);
    out += node.channels_before;
    for (std::int64_t row = 0; row < images * shape.height; ++row) {
        const std::int64_t first =
            (row / shape.height * in.height + row % shape.height * node.window.stride_height) * in.width;
        for (std::int64_t x = 0; x < shape.width; ++x, out += shape.channels) {
            widen(input, first + x * node.window.stride_width, 1, in.channels, out);
        }
    }
}

}  // namespace npusim
