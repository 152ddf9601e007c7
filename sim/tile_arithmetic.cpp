#include "tile_arithmetic.h"

#include <algorithm>
#include <limits>

namespace npusim::sim {
namespace {

/// Dot product of 16-bit or narrower integers; the 32-bit sum is exact for up to 2^15 products of 8 × 8 bits.
template <typename Sum>
Sum dot(const std::int32_t* a, const std::int32_t* b, std::int64_t count) {
    Sum sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += static_cast<Sum>(a[i]) * static_cast<Sum>(b[i]);
    return sum;
}

/// A pixel of an output region.
struct OutputPixel {
    std::int64_t image = 0;  ///< in the region
    std::int64_t y = 0;
    std::int64_t x = 0;
};

/// Visits all pixels of a region in the order in which they lie.
template <typename Visit>
void for_each_pixel(const Region& region, const Visit& visit) {
    for (std::int64_t image = 0; image < region.images(); ++image) {
        for (std::int64_t y = region.y_begin; y < region.y_end; ++y) {
            for (std::int64_t x = region.x_begin; x < region.x_end; ++x) visit(OutputPixel{image, y, x});
        }
    }
}

/// Images of a region that are there, of a batch of which the first `images` are.
std::int64_t images_there(const Region& region, std::int64_t images) {
    return std::clamp<std::int64_t>(images - region.image_begin, 0, region.images());
}

/// Walks the window of one output pixel over the input region: visit(kernel index, input pixel index or −1 for
/// padding).
template <typename Visit>
void for_each_tap(const QuantizedNode& node, const Region& input, const OutputPixel& at, const Visit& visit) {
    const Window& w = node.window;
    const std::int64_t y0 = window_begin(at.y, w.stride_height, w.pad_top, node.adaptive, node.input_shape.height,
                                         node.output_shape.height);
    const std::int64_t x0 =
        window_begin(at.x, w.stride_width, w.pad_left, node.adaptive, node.input_shape.width, node.output_shape.width);
    for (std::int64_t ky = 0; ky < w.kernel_height; ++ky) {
        for (std::int64_t kx = 0; kx < w.kernel_width; ++kx) {
            const std::int64_t iy = y0 + ky * w.dilation_height;
            const std::int64_t ix = x0 + kx * w.dilation_width;
            const bool inside = iy >= 0 && iy < node.input_shape.height && ix >= 0 && ix < node.input_shape.width;
            const std::int64_t pixel =
                inside ? at.image * input.map_pixels() + (iy - input.y_begin) * input.columns() + ix - input.x_begin
                       : std::int64_t{-1};
            visit(ky * w.kernel_width + kx, pixel);
        }
    }
}

/// One output pixel × one group of output channels.
class PixelAccumulator {
public:
    PixelAccumulator(const QuantizedNode& node, const ArrayCommand& command, const ArrayOperands& operands)
        : node_(node), command_(command), operands_(operands) {
        held_ = command.weight_channel_end - command.weight_channel_begin;
        count_ = command.reduce_channel_end - command.reduce_channel_begin;
        area_ = node.window.kernel_height * node.window.kernel_width;
        group_out_ = node.output_shape.channels / node.groups;
        group_in_ = node.input_shape.channels / node.groups;
        wide_ = node.weight_bits > 8 || node.input_bits > 8;
    }

    /// Appends the operands of a pixel for the group of output channel `first` of the region.
    void append_inputs(const OutputPixel& at, std::int64_t first, std::vector<std::int32_t>& inputs) const {
        for_each_tap(node_, command_.input, at, [&](std::int64_t, std::int64_t pixel) {
            if (pixel < 0) {
                inputs.insert(inputs.end(), static_cast<std::size_t>(count_), 0);
                return;
            }
            const std::int32_t* input = input_of(pixel, first);
            inputs.insert(inputs.end(), input, input + count_);
        });
    }

    void append_weights(std::int64_t channel, std::vector<std::int32_t>& weights) const {
        for (std::int64_t tap = 0; tap < area_; ++tap) {
            const std::int32_t* from = weights_of(channel, tap);
            weights.insert(weights.end(), from, from + count_);
        }
    }

    /// Adds the products of a pixel to sums[channel of the output region].
    std::uint64_t add(const OutputPixel& at, std::int64_t* sums) const {
        std::uint64_t zeros = 0;
        const std::int64_t channels = command_.output.channels();
        for (std::int64_t first = 0; first < channels; first += group_out_) {
            const std::int64_t last = std::min(first + group_out_, channels);
            for_each_tap(node_, command_.input, at, [&](std::int64_t tap, std::int64_t pixel) {
                zeros += add_tap(tap, pixel, first, last, sums);
            });
        }
        return zeros;
    }

private:
    std::uint64_t add_tap(std::int64_t tap, std::int64_t pixel, std::int64_t first, std::int64_t last,
                          std::int64_t* sums) const {
        const auto channels = static_cast<std::uint64_t>(last - first);
        if (pixel < 0) return static_cast<std::uint64_t>(count_) * channels;
        const std::int32_t* input = input_of(pixel, first);
        for (std::int64_t n = first; n < last; ++n) {
            const std::int32_t* weights = weights_of(n, tap);
            sums[n] += wide_ ? dot<std::int64_t>(input, weights, count_) : dot<std::int32_t>(input, weights, count_);
        }
        return static_cast<std::uint64_t>(std::count(input, input + count_, 0)) * channels;
    }

    [[nodiscard]] const std::int32_t* weights_of(std::int64_t channel, std::int64_t tap) const {
        return operands_.weights.data() + (channel * area_ + tap) * held_ + command_.reduce_channel_begin -
               command_.weight_channel_begin;
    }

    /// The channels that the group of output channel `first` sums over, at one input pixel.
    [[nodiscard]] const std::int32_t* input_of(std::int64_t pixel, std::int64_t first) const {
        const std::int64_t group = (command_.output.channel_begin + first) / group_out_;
        const std::int64_t channel = node_.input.channel_begin + group * group_in_ + command_.reduce_channel_begin;
        return operands_.inputs.data() + pixel * command_.input.channels() + channel - command_.input.channel_begin;
    }

    const QuantizedNode& node_;
    const ArrayCommand& command_;
    const ArrayOperands& operands_;
    std::int64_t held_, count_, area_, group_out_, group_in_;
    bool wide_;
};

}  // namespace

std::vector<std::int32_t> channels_last(const std::vector<std::int32_t>& weights, std::int64_t out_channels,
                                        std::int64_t channels, std::int64_t kernel_area) {
    std::vector<std::int32_t> ordered(weights.size());
    for (std::int64_t n = 0; n < out_channels; ++n) {
        for (std::int64_t c = 0; c < channels; ++c) {
            for (std::int64_t tap = 0; tap < kernel_area; ++tap) {
                ordered[static_cast<std::size_t>((n * kernel_area + tap) * channels + c)] =
                    weights[static_cast<std::size_t>((n * channels + c) * kernel_area + tap)];
            }
        }
    }
    return ordered;
}

ArrayMatrices gather_matrices(const QuantizedNode& node, const ArrayCommand& command, const ArrayOperands& operands) {
    const Region& out = command.output;
    const PixelAccumulator from(node, command, operands);
    ArrayMatrices matrices;
    for (std::int64_t group = 0; group < command.work.groups; ++group) {
        const std::int64_t first = group * command.work.out_channels;
        for_each_pixel(out, [&](const OutputPixel& at) { from.append_inputs(at, first, matrices.inputs); });
        for (std::int64_t n = 0; n < command.work.out_channels; ++n) from.append_weights(first + n, matrices.weights);
    }
    return matrices;
}

TileCounts take_sums(const ArrayCommand& command, const ArrayMatrices& matrices, std::span<const std::int64_t> made,
                     int accumulator_bits, std::int64_t images, std::vector<std::int64_t>& sums) {
    const ArrayWork& work = command.work;
    const std::int64_t pixels_there = images_there(command.output, images) * command.output.map_pixels();
    if (!work.accumulates) sums.assign(static_cast<std::size_t>(command.output.elements()), 0);
    TileCounts counts;
    const std::int64_t channels = command.output.channels();
    for (std::int64_t group = 0, at = 0; group < work.groups; ++group) {
        for (std::int64_t pixel = 0; pixel < work.pixels; ++pixel) {
            for (std::int64_t n = 0; n < work.out_channels; ++n, ++at) {
                std::int64_t& sum = sums[static_cast<std::size_t>(pixel * channels + group * work.out_channels + n)];
                sum += made[static_cast<std::size_t>(at)];
                const std::int64_t wrapped = wrap(sum, accumulator_bits);
                counts.overflows += wrapped == sum || pixel >= pixels_there ? 0 : 1;
                sum = wrapped;
            }
        }
    }
    for (std::int64_t group = 0; group < work.groups; ++group) {
        const auto begin = matrices.inputs.begin() + group * work.pixels * work.reduction;
        counts.zero_activation_macs +=
            static_cast<std::uint64_t>(std::count(begin, begin + pixels_there * work.reduction, 0) * work.out_channels);
    }
    return counts;
}

TileCounts accumulate_tile(const QuantizedNode& node, const ArrayCommand& command, const ArrayOperands& operands,
                           int accumulator_bits, std::int64_t images, std::vector<std::int64_t>& sums) {
    const Region& out = command.output;
    if (!command.work.accumulates) sums.assign(static_cast<std::size_t>(out.elements()), 0);
    const PixelAccumulator accumulator(node, command, operands);
    TileCounts counts;
    const std::int64_t there = images_there(out, images);
    std::int64_t* row = sums.data();
    for_each_pixel(out, [&](const OutputPixel& at) {
        const std::uint64_t zeros = accumulator.add(at, row);
        std::uint64_t overflows = 0;
        for (std::int64_t n = 0; n < out.channels(); ++n) {
            const std::int64_t wrapped = wrap(row[n], accumulator_bits);
            overflows += wrapped == row[n] ? 0 : 1;
            row[n] = wrapped;
        }
        row += out.channels();
        if (at.image >= there) return;
        counts.zero_activation_macs += zeros;
        counts.overflows += overflows;
    });
    return counts;
}

std::vector<std::int64_t> gather_operand(const QuantizedNode& node, const VectorCommand& command,
                                         std::span<const std::int32_t> operand) {
    const Region& out = command.output;
    const std::int64_t held = command.operand.channels();
    const bool is_max = node.op == QuantizedOp::max_pool;
    const std::int64_t nothing = is_max ? std::numeric_limits<std::int64_t>::min() : 0;
    std::vector<std::int64_t> sums(static_cast<std::size_t>(out.elements()), nothing);
    std::int64_t* row = sums.data();
    for_each_pixel(out, [&](const OutputPixel& at) {
        for_each_tap(node, command.operand, at, [&](std::int64_t, std::int64_t pixel) {
            if (pixel < 0) return;
            for (std::int64_t n = 0; n < out.channels(); ++n) {
                const std::int64_t from = node.input.channel_begin + out.channel_begin + n - node.channels_before -
                                          command.operand.channel_begin;
                if (from < 0 || from >= held) continue;
                const std::int64_t value = operand[static_cast<std::size_t>(pixel * held + from)];
                row[n] = is_max ? std::max(row[n], value) : row[n] + value;
            }
        });
        row += out.channels();
    });
    return sums;
}

std::vector<std::int32_t> requantize_tile(const QuantizedNetwork& network, const QuantizedNode& node,
                                          std::size_t destination, const Region& output,
                                          std::span<const std::int64_t> sums, std::span<const std::int32_t> residual,
                                          std::span<const std::byte> constants) {
    IntegerRange range = network.tensors[node.destinations[destination].tensor].range();
    if (node.relu) range.low = std::max<std::int64_t>(range.low, 0);
    const std::size_t destinations = node.destinations.size();
    const auto channels = static_cast<std::size_t>(output.channels());
    std::vector<ChannelRequantizer> requantizers;
    for (std::size_t n = 0; n < channels; ++n) {
        requantizers.push_back(
            decode_requantizer(constants.subspan((n * destinations + destination) * kRequantizerBytes)));
    }
    std::vector<std::int32_t> values(sums.size());
    for (std::size_t i = 0, n = 0; i < values.size(); ++i, n = n + 1 == channels ? 0 : n + 1) {
        const std::int64_t other = residual.empty() ? 0 : residual[i];
        values[i] =
            static_cast<std::int32_t>(requantize(sums[i], other, requantizers[n], range, network.precision.rounding));
    }
    return values;
}

}  // namespace npusim::sim
