#include "tile_estimate.h"

#include <algorithm>
#include <set>

#include "npusim/base/integer_math.h"
#include "npusim/workloads/lowering/dataflow.h"

namespace npusim {
namespace {

/// Input rows (or columns) that `outputs` neighbouring windows touch at most, wherever they lie.
std::int64_t largest_input_extent(std::int64_t outputs, std::int64_t stride, std::int64_t kernel_extent, bool adaptive,
                                  std::int64_t input_extent, std::int64_t output_extent) {
    const std::int64_t reach = adaptive ? ceil_div((outputs - 1) * input_extent, output_extent) + kernel_extent
                                        : (outputs - 1) * stride + kernel_extent;
    return std::min(input_extent, reach);
}

}  // namespace

Region largest_tile(const Tiling& tiling) {
    return {0, tiling.rows, 0, tiling.columns, 0, tiling.out_channels, 0, tiling.images};
}

Region largest_input(const LayerContext& layer, const Tiling& tiling, std::int64_t channel_begin,
                     std::int64_t channel_end) {
    const Window& w = layer.node.window;
    const TensorShape& in = layer.node.input_shape;
    const TensorShape& out = layer.node.output_shape;
    const std::int64_t reach_y = (w.kernel_height - 1) * w.dilation_height + 1;
    const std::int64_t reach_x = (w.kernel_width - 1) * w.dilation_width + 1;
    const bool adaptive = layer.node.adaptive;
    const std::int64_t rows =
        largest_input_extent(tiling.rows, w.stride_height, reach_y, adaptive, in.height, out.height);
    const std::int64_t columns =
        largest_input_extent(tiling.columns, w.stride_width, reach_x, adaptive, in.width, out.width);
    const std::int64_t first = layer.node.input.channel_begin;
    return {0, rows, 0, columns, first + channel_begin, first + channel_end, 0, tiling.images};
}

Traffic result_traffic(const LayerContext& layer, const Tiling& tiling) {
    const Region tile = largest_tile(tiling);
    const std::int64_t burst = layer.arch.dram.burst_bytes;
    Traffic traffic;
    for (std::size_t d = 0; d < layer.node.destinations.size(); ++d) {
        if (layer.stays.output(d)) continue;
        const Destination& to = layer.node.destinations[d];
        traffic.store_bytes += estimate_bus_bytes(layer.layouts[to.tensor], layer.destination_region(to, tile), burst);
        traffic.stores += 1;
    }
    if (layer.node.residual && !layer.stays.residual) {
        const TensorLayout& layout = layer.layouts[layer.node.residual->tensor];
        traffic.load_bytes = estimate_bus_bytes(layout, layer.residual_region(tile), burst);
        traffic.loads = 1;
    }
    return traffic;
}

std::int64_t bus_cycles(const ArchSpec& arch, std::int64_t bytes) {
    return arch.dram.ideal ? 0 : ceil_div(bytes * arch.clock_mhz, arch.dram.bandwidth_mb_s);
}

namespace {

/// A queue has two transfers outstanding, so a transfer takes its bus time or half of its whole time.
std::int64_t queue_cycles(const ArchSpec& arch, std::int64_t bytes, std::int64_t transfers) {
    if (arch.dram.ideal) return 0;
    const std::int64_t bus = bus_cycles(arch, bytes);
    const std::int64_t latency = transfers * ceil_div(arch.dram.latency_ns * arch.clock_mhz, 1000);
    return std::max(bus, (bus + latency) / 2);
}

}  // namespace

Estimate combine(const ArchSpec& arch, const Traffic& traffic, std::int64_t array_cycles, std::int64_t vector_cycles,
                 std::int64_t first_last_bytes, std::int64_t commands) {
    const std::int64_t bytes = traffic.load_bytes + traffic.store_bytes;
    const std::int64_t dram_cycles =
        std::max({bus_cycles(arch, bytes), queue_cycles(arch, traffic.load_bytes, traffic.loads),
                  queue_cycles(arch, traffic.store_bytes, traffic.stores)});
    const std::int64_t busiest = std::max({dram_cycles, array_cycles, vector_cycles});
    const std::int64_t cycles = arch.double_buffering ? busiest + bus_cycles(arch, first_last_bytes)
                                                      : dram_cycles + array_cycles + vector_cycles;
    return {cycles, bytes, commands};
}

std::vector<std::int64_t> tile_extents(std::int64_t whole, std::int64_t largest) {
    std::set<std::int64_t> extents{1};
    for (std::int64_t parts = 1; parts <= whole; parts = parts < 16 ? parts + 1 : parts * 2) {
        extents.insert(ceil_div(whole, parts));
    }
    return {extents.begin(), extents.upper_bound(largest)};
}

std::vector<std::int64_t> image_tiles(const LayerContext& layer, const Tiling& tiling, std::int64_t largest) {
    const TensorShape& out = layer.node.output_shape;
    if (tiling.rows != out.height || tiling.columns != out.width) return {1};
    return tile_extents(layer.batch(), largest);
}

std::vector<std::int64_t> channel_tiles(std::int64_t whole, std::int64_t unit, bool below_unit) {
    std::set<std::int64_t> tiles{whole};
    for (std::int64_t tile = unit; tile < whole; tile *= 2) tiles.insert(tile);
    for (std::int64_t tile = unit / 2; below_unit && tile >= 1; tile /= 2) tiles.insert(std::min(tile, whole));
    return {tiles.begin(), tiles.end()};
}

bool tiles_aligned(const LayerContext& layer, std::int64_t out_channels) {
    const auto spans = cut(layer.node.output_shape.channels, out_channels);
    const auto aligned = [&](TensorId tensor, std::int64_t offset) {
        return std::all_of(spans.begin(), spans.end(), [&](const Span& span) {
            return is_byte_aligned(layer.layouts[tensor], offset + span.begin, offset + span.end);
        });
    };
    const QuantizedNode& node = layer.node;
    const bool channel_by_channel = node.op != QuantizedOp::convolution && node.op != QuantizedOp::slice_pad;
    if (channel_by_channel && !aligned(node.input.tensor, node.input.channel_begin)) return false;
    if (node.residual && !aligned(node.residual->tensor, node.residual->channel_begin)) return false;
    return std::all_of(node.destinations.begin(), node.destinations.end(),
                       [&](const Destination& to) { return aligned(to.tensor, to.channel_begin); });
}

std::vector<std::int64_t> out_channel_tiles(const LayerContext& layer) {
    const std::int64_t channels = layer.node.output_shape.channels;
    const std::int64_t group_out = layer.group_out_channels();
    const bool on_array = layer.node.op == QuantizedOp::convolution;
    const bool grouped = on_array && layer.node.groups > 1;
    std::int64_t unit = on_array ? layer.arch.array.columns : layer.input_layout().channel_block;
    if (grouped) unit = group_out;
    std::vector<std::int64_t> tiles = channel_tiles(channels, unit, !grouped);
    std::erase_if(tiles, [&](std::int64_t n) {
        return (grouped && (n % group_out != 0 || channels % n != 0)) || !tiles_aligned(layer, n);
    });
    return tiles;
}

std::int64_t accumulator_rows(const LayerContext& layer, std::int64_t pixels, std::int64_t out_channels) {
    const std::int64_t columns = layer.arch.array.columns;
    if (dataflow_policy(layer.arch.array.dataflow).sums_lie_by_channel()) {
        return out_channels * ceil_div(pixels, columns);
    }
    const std::int64_t group_out = std::min(out_channels, layer.group_out_channels());
    return pixels * (out_channels / group_out) * ceil_div(group_out, columns);
}

std::int64_t accumulator_pixels(const LayerContext& layer, std::int64_t out_channels) {
    const std::int64_t rows = layer.accumulator_rows_per_slot();
    if (!dataflow_policy(layer.arch.array.dataflow).sums_lie_by_channel()) {
        return rows / accumulator_rows(layer, 1, out_channels);
    }
    return rows / out_channels * layer.arch.array.columns;
}

bool fits(const LayerContext& layer, const SlotBytes& bytes) {
    return bytes.weights * layer.slots() <= layer.arch.weight_buffer.bytes - layer.stays.weight_bytes &&
           bytes.activations() * layer.slots() <= layer.arch.activation_buffer.bytes - layer.stays.activation_bytes;
}

}  // namespace npusim
