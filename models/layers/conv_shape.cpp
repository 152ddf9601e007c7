#include <algorithm>
#include <string>

#include "npusim/base/error.h"
#include "npusim/models/layers/conv2d.h"
#include "onednn_convolution.h"

namespace npusim {

namespace {

struct Axis {
    const char* name;
    std::int64_t in, out, kernel, stride, dilation, pad_before, pad_after;
};

void check_axis(const Axis& a) {
    const auto fail = [&](const std::string& what) { throw InputError("convolution", a.name, what); };
    if (a.in < 1 || a.out < 1 || a.kernel < 1 || a.stride < 1 || a.dilation < 1) {
        fail("extents, kernel, stride and dilation must be at least 1, got " + std::to_string(a.in) + " -> " +
             std::to_string(a.out) + ", " + std::to_string(a.kernel) + ", " + std::to_string(a.stride) + ", " +
             std::to_string(a.dilation));
    }
    if (a.pad_before < 0 || a.pad_after < 0) {
        fail("padding must not be negative, got " + std::to_string(a.pad_before) + " and " +
             std::to_string(a.pad_after));
    }
    const std::int64_t room = a.in + a.pad_before + a.pad_after - a.dilation * (a.kernel - 1) - 1;
    if (room < 0 || room / a.stride + 1 != a.out) {
        fail("the output has " + std::to_string(a.out) + " places, the windows have " +
             std::to_string(room < 0 ? 0 : room / a.stride + 1));
    }
}

template <typename Visit>
void for_each_weight(const ConvShape& s, const Visit& visit) {
    // Some output channels at a time: whole cache lines on one side, few streams on the other.
    constexpr std::int64_t block = 16;
    const std::int64_t taps = s.kernel_height * s.kernel_width;
    const std::int64_t depth = s.depth();
    for (std::int64_t first = 0; first < s.out_channels; first += block) {
        const std::int64_t end = std::min(first + block, s.out_channels);
        std::int64_t d = 0;
        for (std::int64_t i = 0; i < s.group_inputs(); ++i) {
            for (std::int64_t tap = 0; tap < taps; ++tap, ++d) {
                const std::int64_t ours = (tap * s.group_inputs() + i) * s.out_channels;
                for (std::int64_t o = first; o < end; ++o) visit(o * depth + d, ours + o);
            }
        }
    }
}

}  // namespace

void check_conv_shape(const ConvShape& s) {
    check_axis({"height", s.in_height, s.out_height, s.kernel_height, s.stride_height, s.dilation_height, s.pad_top,
                s.pad_bottom});
    check_axis(
        {"width", s.in_width, s.out_width, s.kernel_width, s.stride_width, s.dilation_width, s.pad_left, s.pad_right});
    if (s.groups < 1 || s.in_channels < 1 || s.out_channels < 1 || s.in_channels % s.groups != 0 ||
        s.out_channels % s.groups != 0) {
        throw InputError("convolution", "groups",
                         std::to_string(s.groups) + " does not divide the channels, " + std::to_string(s.in_channels) +
                             " in and " + std::to_string(s.out_channels) + " out");
    }
}

bool has_conv_backend(ConvBackend backend) {
    return backend == ConvBackend::eigen || has_onednn();
}

ConvBackend fastest_conv_backend() {
    return has_onednn() ? ConvBackend::onednn : ConvBackend::eigen;
}

template <typename Scalar>
void pack_weights(const ConvShape& shape, const Scalar* torch_weights, Scalar* weights) {
    for_each_weight(shape, [&](std::int64_t torch, std::int64_t ours) { weights[ours] = torch_weights[torch]; });
}

template <typename Scalar>
void unpack_weights(const ConvShape& shape, const Scalar* weights, Scalar* torch_weights) {
    for_each_weight(shape, [&](std::int64_t torch, std::int64_t ours) { torch_weights[torch] = weights[ours]; });
}

template <typename Scalar>
void add_unpacked_weights(const ConvShape& shape, const Scalar* weights, Scalar* torch_sums) {
    for_each_weight(shape, [&](std::int64_t torch, std::int64_t ours) { torch_sums[torch] += weights[ours]; });
}

template void pack_weights(const ConvShape&, const float*, float*);
template void pack_weights(const ConvShape&, const double*, double*);
template void pack_weights(const ConvShape&, const std::int8_t*, std::int8_t*);
template void unpack_weights(const ConvShape&, const float*, float*);
template void unpack_weights(const ConvShape&, const double*, double*);
template void add_unpacked_weights(const ConvShape&, const float*, float*);
template void add_unpacked_weights(const ConvShape&, const double*, double*);

}  // namespace npusim
