#include "integer_operators.h"

#include <algorithm>

namespace npusim {

namespace {

template <typename T>
void sum_windows_as(const QuantizedNode& node, const float* input, T* out) {
    const Window& w = node.window;
    const TensorShape& in = node.input_shape;
    const TensorShape& shape = node.output_shape;
    for (std::int64_t c = 0; c < in.channels; ++c, input += in.height * in.width) {
        for (std::int64_t y = 0; y < shape.height; ++y) {
            const auto top = window_begin(y, w.stride_height, w.pad_top, node.adaptive, in.height, shape.height);
            for (std::int64_t x = 0; x < shape.width; ++x, ++out) {
                const auto left = window_begin(x, w.stride_width, w.pad_left, node.adaptive, in.width, shape.width);
                T sum = 0;
                for (std::int64_t ky = 0; ky < w.kernel_height; ++ky) {
                    const std::int64_t iy = top + ky * w.dilation_height;
                    if (iy < 0 || iy >= in.height) continue;
                    for (std::int64_t kx = 0; kx < w.kernel_width; ++kx) {
                        const std::int64_t ix = left + kx * w.dilation_width;
                        if (ix >= 0 && ix < in.width) sum += static_cast<T>(input[iy * in.width + ix]);
                    }
                }
                *out = sum;
            }
        }
    }
}

template <Rounding rounding, typename T>
void requantize_map(const T* accumulators, const float* residual, std::int64_t count,
                    const ChannelRequantizer& constants, IntegerRange range, float* out) {
    const ChannelRequantizer channel = constants;  // a copy, which writes to `out` cannot change
    const auto result = [&](std::int64_t accumulator, std::int64_t added) {
        return static_cast<float>(requantize(accumulator, added, channel, range, rounding));
    };
    if (residual == nullptr) {
        for (std::int64_t i = 0; i < count; ++i) out[i] = result(static_cast<std::int64_t>(accumulators[i]), 0);
        return;
    }
    for (std::int64_t i = 0; i < count; ++i) {
        out[i] = result(static_cast<std::int64_t>(accumulators[i]), static_cast<std::int64_t>(residual[i]));
    }
}

template <typename T>
using MapRequantizer = void (*)(const T*, const float*, std::int64_t, const ChannelRequantizer&, IntegerRange, float*);

template <typename T>
MapRequantizer<T> requantizer_for(Rounding rounding) {
    switch (rounding) {
        case Rounding::half_up:
            return requantize_map<Rounding::half_up, T>;
        case Rounding::half_even:
            return requantize_map<Rounding::half_even, T>;
        case Rounding::half_away:
            return requantize_map<Rounding::half_away, T>;
        case Rounding::double_rounding:
            return requantize_map<Rounding::double_rounding, T>;
    }
    return nullptr;
}

template <typename T>
void requantize_all(const QuantizedNode& node, const Destination& destination, IntegerRange range, Rounding rounding,
                    const T* accumulators, const float* residual, float* out) {
    const MapRequantizer<T> requantize_one = requantizer_for<T>(rounding);
    const std::int64_t map = node.output_shape.height * node.output_shape.width;
    for (const ChannelRequantizer& channel : destination.channels) {
        requantize_one(accumulators, residual, map, channel, range, out);
        accumulators += map;
        if (residual != nullptr) residual += map;
        out += map;
    }
}

}  // namespace

Accumulators sum_windows(const QuantizedNode& node, const float* input, AccumulatorScratch& scratch) {
    const auto elements = static_cast<std::size_t>(node.output_shape.elements());
    const IntegerRange range = activation_range(node.input_bits, node.input_signed);
    const std::int64_t most = node.window.kernel_height * node.window.kernel_width * std::max(-range.low, range.high);
    constexpr std::int64_t exact_in_float = std::int64_t{1} << 24;
    if (most <= exact_in_float) {
        scratch.float_sums.resize(std::max(scratch.float_sums.size(), elements));
        sum_windows_as(node, input, scratch.float_sums.data());
        return {scratch.float_sums.data(), nullptr};
    }
    scratch.integer_sums.resize(std::max(scratch.integer_sums.size(), elements));
    sum_windows_as(node, input, scratch.integer_sums.data());
    return {nullptr, scratch.integer_sums.data()};
}

void requantize_channels(const QuantizedNode& node, const Destination& destination, IntegerRange range,
                         Rounding rounding, const Accumulators& accumulators, const float* residual, float* out) {
    if (node.relu) range.low = 0;
    if (accumulators.floats != nullptr) {
        requantize_all(node, destination, range, rounding, accumulators.floats, residual, out);
    } else {
        requantize_all(node, destination, range, rounding, accumulators.integers, residual, out);
    }
}

}  // namespace npusim
