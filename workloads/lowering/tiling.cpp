#include "tiling.h"

#include <algorithm>

#include "npusim/base/error.h"
#include "npusim/base/integer_math.h"
#include "tile_estimate.h"

namespace npusim {
namespace {

std::int64_t bits_to_bytes(std::int64_t bits) { return ceil_div<std::int64_t>(bits, 8); }

[[noreturn]] void refuse(const LayerContext& layer) {
    const std::int64_t block = std::min(layer.group_in_channels(), layer.input_layout().channel_block);
    std::int64_t n = std::min<std::int64_t>(layer.group_out_channels(), layer.arch.array.columns);
    while (n > 1 && tiles_aligned(layer, n / 2)) n /= 2;
    Tiling least{n, 1, 1, block, true, false, false};
    if (layer.node.op != QuantizedOp::convolution) least.reduce_channels = layer.node.input_shape.channels;
    const SlotBytes bytes = slot_bytes(layer, least);
    std::vector<std::string> problems;
    const auto check = [&](const std::string& buffer, std::int64_t needed, std::int64_t available) {
        if (needed <= available) return;
        problems.push_back("architecture " + layer.arch.name + ": /" + buffer + "/kib: layer " + layer.node.name +
                           " of " + layer.network.name + " needs " + std::to_string(needed) +
                           " bytes for its smallest tile" + (layer.slots() == 2 ? " (twice, double buffering)" : "") +
                           ", " + std::to_string(needed - available) + " more than the " + std::to_string(available) +
                           " there are");
    };
    check("weight_buffer", bytes.weights * layer.slots(), layer.arch.weight_buffer.bytes);
    check("activation_buffer", bytes.activations() * layer.slots(), layer.arch.activation_buffer.bytes);
    const std::int64_t row_bytes =
        bits_to_bytes(std::int64_t{layer.arch.array.columns} * layer.arch.array.accumulator_bits);
    check("accumulator_buffer", row_bytes * layer.slots(), layer.arch.accumulator_buffer.bytes);
    if (problems.empty()) {
        problems.push_back("architecture " + layer.arch.name + ": layer " + layer.node.name + " of " +
                           layer.network.name + " has no tiling that fits the buffers");
    }
    throw InputError(problems);
}

}  // namespace

SlotBytes slot_bytes(const LayerContext& layer, const Tiling& tiling) {
    const Region tile = largest_tile(tiling);
    SlotBytes bytes;
    bytes.weights = tiling.out_channels * layer.parameter_bytes_per_channel();
    std::int64_t input_end = layer.node.input_shape.channels;
    if (layer.node.op == QuantizedOp::convolution) {
        const std::int64_t held = tiling.weights_whole ? layer.group_in_channels() : tiling.reduce_channels;
        bytes.weights += bits_to_bytes(tiling.out_channels * held * layer.kernel_area() * layer.node.weight_bits);
        if (layer.node.groups > 1) {
            input_end = tiling.out_channels / layer.group_out_channels() * layer.group_in_channels();
        } else if (!tiling.inputs_whole) {
            input_end = tiling.reduce_channels;
        }
    } else if (layer.node.op != QuantizedOp::slice_pad) {
        input_end = tiling.out_channels;
    }
    bytes.inputs = region_bytes(layer.input_layout(), largest_input(layer, tiling, 0, input_end));
    if (layer.node.residual) {
        bytes.operand = region_bytes(layer.layouts[layer.node.residual->tensor], layer.residual_region(tile));
    }
    for (const auto& destination : layer.node.destinations) {
        bytes.outputs.push_back(
            region_bytes(layer.layouts[destination.tensor], layer.destination_region(destination, tile)));
    }
    return bytes;
}

Tiling choose_tiling(const LayerContext& layer) {
    const auto best = layer.node.op == QuantizedOp::convolution ? convolution_tiling(layer) : vector_tiling(layer);
    if (!best) refuse(layer);
    return *best;
}

}  // namespace npusim
