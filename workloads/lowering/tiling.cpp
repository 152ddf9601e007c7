#include "tiling.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "npusim/base/error.h"
#include "npusim/base/integer_math.h"
#include "tile_estimate.h"

namespace npusim {
namespace {

std::int64_t bits_to_bytes(std::int64_t bits) {
    return ceil_div<std::int64_t>(bits, 8);
}

/// Bytes of the largest of the tiles of `region` that cut `channels` channels, from its first one on, into steps as
/// wide as the region. Where the step divides no block, tiles cross the blocks' borders in different ways, the same
/// ones again after a block's worth of steps.
std::int64_t largest_tile_bytes(const TensorLayout& layout, const Region& region, std::int64_t channels) {
    const std::int64_t step = region.channels();
    const std::int64_t patterns = layout.channel_block / std::gcd(layout.channel_block, step);
    std::int64_t most = 0;
    for (std::int64_t begin = 0; begin < std::min(channels, patterns * step); begin += step) {
        Region tile = region;
        tile.channel_begin = region.channel_begin + begin;
        tile.channel_end = region.channel_begin + std::min(begin + step, channels);
        most = std::max(most, region_bytes(layout, tile));
    }
    return most;
}

/// The smallest tile that the tilers would try.
Tiling smallest_tiling(const LayerContext& layer) {
    const auto tiles = out_channel_tiles(layer);
    if (tiles.empty()) {
        throw InputError("architecture " + layer.arch.name, "layer " + layer.node.name + " of " + layer.network.name,
                         "its channels do not begin and end on whole bytes; use 1, 2, 4, 8 or 16 bits");
    }
    Tiling least{tiles.front(), 1, 1, layer.node.input_shape.channels, true, false, false};
    if (layer.node.op == QuantizedOp::convolution) {
        least.reduce_channels = layer.group_in_channels();
        const std::int64_t block = layer.input_layout().channel_block;
        if (layer.node.groups == 1) least.reduce_channels = std::min(least.reduce_channels, block);
    }
    return least;
}

/// " (twice, double buffering)"
std::string slots_text(int slots) {
    if (slots == 1) return "";
    return slots == 2 ? " (twice, double buffering)" : " (" + std::to_string(slots) + " times, prefetch_depth)";
}

[[noreturn]] void refuse(const LayerContext& layer) {
    const Tiling least = smallest_tiling(layer);
    const SlotBytes bytes = slot_bytes(layer, least);
    std::vector<std::string> problems;
    const auto check = [&](const std::string& buffer, std::int64_t needed, std::int64_t available) {
        if (needed <= available) return;
        problems.push_back("architecture " + layer.arch.name + ": /" + buffer + "/kib: layer " + layer.node.name +
                           " of " + layer.network.name + " needs " + std::to_string(needed) +
                           " bytes for its smallest tile" + slots_text(layer.slots()) + ", " +
                           std::to_string(needed - available) + " more than the " + std::to_string(available) +
                           " there are");
    };
    check("weight_buffer", bytes.weights * layer.slots(), layer.arch.weight_buffer.bytes);
    check("activation_buffer", bytes.activations() * layer.slots(), layer.arch.activation_buffer.bytes);
    if (layer.node.op == QuantizedOp::convolution) {
        const std::int64_t row_bits = std::int64_t{layer.arch.array.columns} * layer.arch.array.accumulator_bits;
        const std::int64_t rows = accumulator_rows(layer, 1, least.out_channels) * layer.slots();
        check("accumulator_buffer", bits_to_bytes(row_bits * rows), layer.arch.accumulator_buffer.bytes);
    }
    if (problems.empty()) throw std::logic_error("layer " + layer.node.name + ": its smallest tile was not tried");
    throw InputError(problems);
}

}  // namespace

std::int64_t slot_input_channels(const LayerContext& layer, const Tiling& tiling) {
    const QuantizedNode& node = layer.node;
    if (node.op == QuantizedOp::slice_pad) return node.input_shape.channels;
    if (node.op != QuantizedOp::convolution) return tiling.out_channels;
    if (node.groups > 1) return tiling.out_channels / layer.group_out_channels() * layer.group_in_channels();
    return tiling.inputs_whole ? node.input_shape.channels : tiling.reduce_channels;
}

std::int64_t weight_slot_bytes(const LayerContext& layer, const Tiling& tiling) {
    if (layer.stays.weights) return 0;
    const std::int64_t constants = tiling.out_channels * layer.parameter_bytes_per_channel();
    if (layer.node.op != QuantizedOp::convolution) return constants;
    const std::int64_t held = tiling.weights_whole ? layer.group_in_channels() : tiling.reduce_channels;
    return constants + bits_to_bytes(tiling.out_channels * held * layer.kernel_area() * layer.node.weight_bits);
}

std::int64_t input_slot_bytes(const LayerContext& layer, const Tiling& tiling) {
    if (layer.stays.input) return 0;
    return largest_tile_bytes(layer.input_layout(), largest_input(layer, tiling, 0, slot_input_channels(layer, tiling)),
                              layer.node.input_shape.channels);
}

SlotBytes result_slot_bytes(const LayerContext& layer, const Tiling& tiling) {
    const Region tile = largest_tile(tiling);
    const std::int64_t out_channels = layer.node.output_shape.channels;
    SlotBytes bytes;
    if (layer.node.residual && !layer.stays.residual) {
        bytes.operand =
            largest_tile_bytes(layer.layouts[layer.node.residual->tensor], layer.residual_region(tile), out_channels);
    }
    for (std::size_t d = 0; d < layer.node.destinations.size(); ++d) {
        const Destination& to = layer.node.destinations[d];
        const TensorLayout& layout = layer.layouts[to.tensor];
        const bool stays = layer.stays.output(d);
        const Region region = layer.destination_region(to, tile);
        bytes.outputs.push_back(stays ? 0 : largest_tile_bytes(layout, region, out_channels));
    }
    return bytes;
}

SlotBytes slot_bytes(const LayerContext& layer, const Tiling& tiling) {
    SlotBytes bytes = result_slot_bytes(layer, tiling);
    bytes.weights = weight_slot_bytes(layer, tiling);
    bytes.inputs = input_slot_bytes(layer, tiling);
    return bytes;
}

std::optional<TilingChoice> find_tiling(const LayerContext& layer) {
    return layer.node.op == QuantizedOp::convolution ? convolution_tiling(layer) : vector_tiling(layer);
}

Tiling choose_tiling(const LayerContext& layer) {
    const auto best = find_tiling(layer);
    if (!best) refuse(layer);
    return best->tiling;
}

}  // namespace npusim
