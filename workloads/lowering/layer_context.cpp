#include <algorithm>
#include <numeric>

#include "npusim/workloads/lowering/dataflow.h"
#include "npusim/workloads/lowering/pe_kind.h"
#include "tiling.h"

namespace npusim {
namespace {

/// Input coordinates [begin, end) that windows of outputs [out.begin, out.end) touch, clipped to the input.
Span input_span(Span out, std::int64_t stride, std::int64_t pad, std::int64_t kernel_extent, bool adaptive,
                std::int64_t input_extent, std::int64_t output_extent) {
    const auto begin = [&](std::int64_t at) {
        return window_begin(at, stride, pad, adaptive, input_extent, output_extent);
    };
    const std::int64_t first = std::clamp<std::int64_t>(begin(out.begin), 0, input_extent);
    const std::int64_t last = std::clamp<std::int64_t>(begin(out.end - 1) + kernel_extent, first, input_extent);
    return {first, last};
}

}  // namespace

std::int64_t SlotBytes::activations() const {
    return inputs + operand + std::accumulate(outputs.begin(), outputs.end(), std::int64_t{0});
}

std::int64_t LayerContext::accumulator_rows_per_slot() const {
    const std::int64_t row_bits = std::int64_t{arch.array.columns} * arch.array.accumulator_bits;
    return arch.accumulator_buffer.bytes * 8 / row_bits / slots();
}

Region LayerContext::input_region(const Region& output, std::int64_t channel_begin, std::int64_t channel_end) const {
    const Window& w = node.window;
    const Span rows = input_span({output.y_begin, output.y_end}, w.stride_height, w.pad_top,
                                 (w.kernel_height - 1) * w.dilation_height + 1, node.adaptive, node.input_shape.height,
                                 node.output_shape.height);
    const Span columns = input_span({output.x_begin, output.x_end}, w.stride_width, w.pad_left,
                                    (w.kernel_width - 1) * w.dilation_width + 1, node.adaptive, node.input_shape.width,
                                    node.output_shape.width);
    return {rows.begin,
            rows.end,
            columns.begin,
            columns.end,
            node.input.channel_begin + channel_begin,
            node.input.channel_begin + channel_end,
            output.image_begin,
            output.image_end};
}

Region LayerContext::destination_region(const Destination& destination, const Region& output) const {
    return output.shifted(destination.channel_begin);
}

Region LayerContext::residual_region(const Region& output) const {
    return output.shifted(node.residual->channel_begin);
}

ArrayWork LayerContext::array_work(const Region& output, std::int64_t reduce_channels, bool accumulates) const {
    const PeMode mode = pe_mode(arch.array.pe, node.weight_bits, node.input_bits);
    ArrayWork work;
    work.pixels = output.pixels();
    work.reduction = reduce_channels * kernel_area();
    work.out_channels = std::min(output.channels(), group_out_channels());
    work.groups = node.groups == 1 ? 1 : output.channels() / group_out_channels();
    work.weight_slices = mode.weight_slices;
    work.activation_slices = mode.activation_slices;
    work.weight_slice_bits = mode.weight_slice_bits;
    work.activation_slice_bits = mode.activation_slice_bits;
    work.lanes = mode.lanes;
    work.cycles_per_step = mode.cycles_per_step;
    work.accumulates = accumulates;
    return work;
}

VectorWork LayerContext::vector_work(const Region& output) const {
    VectorWork work;
    work.pixels = output.pixels();
    work.channels = output.channels();
    work.reads_accumulators = node.op == QuantizedOp::convolution;
    work.sums_lie_by_channel = work.reads_accumulators && dataflow_policy(arch.array.dataflow).sums_lie_by_channel();
    const bool pools = node.op == QuantizedOp::max_pool || node.op == QuantizedOp::average_pool;
    work.window_area = pools ? kernel_area() : 1;
    work.input_bits = node.input_bits;
    work.has_residual = node.residual.has_value();
    if (work.has_residual) work.residual_bits = layouts[node.residual->tensor].bits;
    for (const auto& destination : node.destinations) work.output_bits.push_back(layouts[destination.tensor].bits);
    return work;
}

std::vector<Span> cut(std::int64_t total, std::int64_t step) {
    std::vector<Span> spans;
    for (std::int64_t begin = 0; begin < total; begin += step) spans.push_back({begin, std::min(begin + step, total)});
    return spans;
}

}  // namespace npusim
