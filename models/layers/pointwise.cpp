#include "npusim/models/layers/pointwise.h"

#include <string>

#include "channel_loops.h"
#include "npusim/base/error.h"

namespace npusim {

namespace {

/// The finalizer of MurmurHash3 (public domain): every input bit reaches every output bit.
std::uint64_t mix(std::uint64_t bits) {
    bits = (bits ^ (bits >> 33)) * 0xff51afd7ed558ccdULL;
    bits = (bits ^ (bits >> 33)) * 0xc4ceb9fe1a85ec53ULL;
    return bits ^ (bits >> 33);
}

void check_slice_pad(const SlicePadShape& s) {
    const bool pixels_exist = s.stride >= 1 && (s.out_height - 1) * s.stride < s.in_height &&
                              (s.out_width - 1) * s.stride < s.in_width && s.out_height >= 1 && s.out_width >= 1;
    const bool channels_fit = s.channels_before >= 0 && s.channels_before + s.in_channels <= s.out_channels;
    if (pixels_exist && channels_fit) return;
    const auto extents = [](std::int64_t height, std::int64_t width, std::int64_t channels) {
        return std::to_string(height) + "x" + std::to_string(width) + "x" + std::to_string(channels);
    };
    throw InputError("slice_pad", "shape",
                     extents(s.in_height, s.in_width, s.in_channels) + " does not give " +
                         extents(s.out_height, s.out_width, s.out_channels) + " with stride " +
                         std::to_string(s.stride) + " and " + std::to_string(s.channels_before) + " channels before");
}

/// Calls visit(input pixel, output pixel), counted through all images.
template <typename Visit>
void for_each_slice(const SlicePadShape& s, std::int64_t images, const Visit& visit) {
    std::int64_t out = 0;
    for (std::int64_t image = 0; image < images; ++image) {
        for (std::int64_t y = 0; y < s.out_height; ++y) {
            const std::int64_t line = (image * s.in_height + y * s.stride) * s.in_width;
            for (std::int64_t x = 0; x < s.out_width; ++x, ++out) visit(line + x * s.stride, out);
        }
    }
}

}  // namespace

template <typename Scalar>
void relu_forward(std::int64_t elements, const Scalar* in, Scalar* out) {
    NPUSIM_ELEMENTS_STAND_ALONE
    for (std::int64_t i = 0; i < elements; ++i) out[i] = in[i] < Scalar{0} ? Scalar{0} : in[i];
}

template <typename Scalar>
void relu_backward(std::int64_t elements, const Scalar* out, const Scalar* grad_out, Scalar* grad_in) {
    NPUSIM_ELEMENTS_STAND_ALONE
    for (std::int64_t i = 0; i < elements; ++i) {
        const Scalar gradient = grad_out[i];
        grad_in[i] = out[i] > Scalar{0} ? gradient : Scalar{0};
    }
}

template <typename Scalar>
void add(std::int64_t elements, const Scalar* a, const Scalar* b, Scalar* out) {
    NPUSIM_ELEMENTS_STAND_ALONE
    for (std::int64_t i = 0; i < elements; ++i) out[i] = a[i] + b[i];
}

template <typename Scalar>
void accumulate(std::int64_t elements, const Scalar* values, Scalar* sums) {
    add(elements, sums, values, sums);
}

template <typename Scalar>
void add_bias(std::int64_t pixels, std::int64_t channels, const Scalar* in, const Scalar* bias, Scalar* out) {
    const TiledChannels<Scalar> biases(channels, [&](std::int64_t c) { return bias[c]; });
    for_each_row(pixels, channels,
                 [&](std::int64_t begin, std::int64_t count) { add(count, in + begin, biases.data(), out + begin); });
}

template <typename Scalar>
void bias_backward(std::int64_t pixels, std::int64_t channels, const Scalar* grad_out, Scalar* grad_bias) {
    std::vector<double> sums(static_cast<std::size_t>(2 * channels), 0.0);
    accumulate_channels(pixels, channels, sums.data(), sums.data() + channels, [&](std::int64_t element, std::int64_t) {
        return TwoTerms{static_cast<double>(grad_out[element]), 0.0};
    });
    for (std::int64_t c = 0; c < channels; ++c) {
        grad_bias[c] = static_cast<Scalar>(static_cast<double>(grad_bias[c]) + sums[static_cast<std::size_t>(c)]);
    }
}

template <typename Scalar>
void copy_into_channels(std::int64_t pixels, std::int64_t channels, const Scalar* in, std::int64_t out_channels,
                        std::int64_t first, Scalar* out) {
    out += first;
    for (std::int64_t p = 0; p < pixels; ++p, in += channels, out += out_channels) std::copy(in, in + channels, out);
}

template <typename Scalar>
void copy_from_channels(std::int64_t pixels, std::int64_t in_channels, std::int64_t first, const Scalar* in,
                        std::int64_t channels, Scalar* out) {
    in += first;
    for (std::int64_t p = 0; p < pixels; ++p, in += in_channels, out += channels) std::copy(in, in + channels, out);
}

template <typename Scalar>
void slice_pad_forward(const SlicePadShape& s, std::int64_t images, const Scalar* in, Scalar* out) {
    check_slice_pad(s);
    std::fill(out, out + images * s.out_height * s.out_width * s.out_channels, Scalar{0});
    for_each_slice(s, images, [&](std::int64_t from, std::int64_t to) {
        const Scalar* pixel = in + from * s.in_channels;
        std::copy(pixel, pixel + s.in_channels, out + to * s.out_channels + s.channels_before);
    });
}

template <typename Scalar>
void slice_pad_backward(const SlicePadShape& s, std::int64_t images, const Scalar* grad_out, Scalar* grad_in) {
    check_slice_pad(s);
    std::fill(grad_in, grad_in + images * s.in_height * s.in_width * s.in_channels, Scalar{0});
    for_each_slice(s, images, [&](std::int64_t from, std::int64_t to) {
        const Scalar* pixel = grad_out + to * s.out_channels + s.channels_before;
        std::copy(pixel, pixel + s.in_channels, grad_in + from * s.in_channels);
    });
}

template <typename Scalar>
void dropout(const Dropout& dropout, std::int64_t first_element, std::int64_t elements, const Scalar* in, Scalar* out) {
    if (!(dropout.probability >= 0.0 && dropout.probability < 1.0)) {
        throw InputError("dropout", "probability",
                         std::to_string(dropout.probability) + " is not allowed, 0 or more and less than 1 is");
    }
    constexpr double values = 9007199254740992.0;  // 2^53: the upper bits of a hash, exact in double
    const auto dropped_below = static_cast<std::uint64_t>(dropout.probability * values);
    const auto scale = static_cast<Scalar>(1.0 / (1.0 - dropout.probability));
    const std::uint64_t key = mix(mix(dropout.seed + 0x9e3779b97f4a7c15ULL) + dropout.step);
    const auto first = static_cast<std::uint64_t>(first_element);
    NPUSIM_ELEMENTS_STAND_ALONE
    for (std::int64_t i = 0; i < elements; ++i) {
        const std::uint64_t hash = mix(key ^ mix(first + static_cast<std::uint64_t>(i)));
        const Scalar value = in[i] * scale;
        out[i] = (hash >> 11) < dropped_below ? Scalar{0} : value;
    }
}

// NOLINTBEGIN(bugprone-macro-parentheses): the argument is a type.
#define NPUSIM_INSTANTIATE(Scalar)                                                                                    \
    template void relu_forward(std::int64_t, const Scalar*, Scalar*);                                                 \
    template void relu_backward(std::int64_t, const Scalar*, const Scalar*, Scalar*);                                 \
    template void add(std::int64_t, const Scalar*, const Scalar*, Scalar*);                                           \
    template void accumulate(std::int64_t, const Scalar*, Scalar*);                                                   \
    template void add_bias(std::int64_t, std::int64_t, const Scalar*, const Scalar*, Scalar*);                        \
    template void bias_backward(std::int64_t, std::int64_t, const Scalar*, Scalar*);                                  \
    template void copy_into_channels(std::int64_t, std::int64_t, const Scalar*, std::int64_t, std::int64_t, Scalar*); \
    template void copy_from_channels(std::int64_t, std::int64_t, std::int64_t, const Scalar*, std::int64_t, Scalar*); \
    template void slice_pad_forward(const SlicePadShape&, std::int64_t, const Scalar*, Scalar*);                      \
    template void slice_pad_backward(const SlicePadShape&, std::int64_t, const Scalar*, Scalar*);                     \
    template void dropout(const Dropout&, std::int64_t, std::int64_t, const Scalar*, Scalar*);
NPUSIM_INSTANTIATE(float)
NPUSIM_INSTANTIATE(double)
#undef NPUSIM_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace npusim
