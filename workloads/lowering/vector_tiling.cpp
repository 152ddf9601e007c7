#include <algorithm>

#include "npusim/base/integer_math.h"
#include "npusim/workloads/lowering/dataflow.h"
#include "tile_estimate.h"

namespace npusim {
namespace {

Estimate estimate(const LayerContext& layer, const Tiling& tiling) {
    const TensorShape& out = layer.node.output_shape;
    const std::int64_t tiles = ceil_div(out.channels, tiling.out_channels) * ceil_div(out.height, tiling.rows) *
                               ceil_div(out.width, tiling.columns) * ceil_div(layer.batch(), tiling.images);
    const bool all_channels = layer.node.op == QuantizedOp::slice_pad;
    const std::int64_t channels = all_channels ? layer.node.input_shape.channels : tiling.out_channels;
    const Region inputs = largest_input(layer, tiling, 0, channels);
    const StaysOnChip& stays = layer.stays;
    const std::int64_t input =
        stays.input ? 0 : estimate_bus_bytes(layer.input_layout(), inputs, layer.arch.dram.burst_bytes);
    const std::int64_t constants = stays.weights ? 0 : tiling.out_channels * layer.parameter_bytes_per_channel();
    Traffic traffic = result_traffic(layer, tiling);
    traffic.load_bytes = tiles * (traffic.load_bytes + input + constants);
    traffic.loads = tiles * (traffic.loads + (stays.input ? 0 : 1) + (stays.weights ? 0 : 1));
    traffic.store_bytes *= tiles;
    traffic.stores *= tiles;
    const VectorTiming timing = time_vector(layer.arch, layer.vector_work(largest_tile(tiling)));
    const std::int64_t vector_cycles = tiles * static_cast<std::int64_t>(timing.total_cycles());
    const std::int64_t first_last = (traffic.load_bytes + traffic.store_bytes) / tiles;
    return combine(layer.arch, traffic, 0, vector_cycles, first_last, tiles);
}

}  // namespace

std::optional<TilingChoice> vector_tiling(const LayerContext& layer) {
    const TensorShape& out = layer.node.output_shape;
    std::optional<TilingChoice> best;
    const auto consider = [&](const Tiling& tiling) {
        if (!fits(layer, slot_bytes(layer, tiling))) return;
        const Estimate candidate = estimate(layer, tiling);
        if (!best || candidate < best->estimate) best = {tiling, candidate};
    };
    for (const std::int64_t n : out_channel_tiles(layer)) {
        for (const std::int64_t columns : tile_extents(out.width, out.width)) {
            for (const std::int64_t rows : tile_extents(out.height, out.height)) {
                Tiling tiling{n, rows, columns, layer.node.input_shape.channels, true, true, true};
                for (const std::int64_t images : image_tiles(layer, tiling, layer.batch())) {
                    tiling.images = images;
                    consider(tiling);
                }
            }
        }
    }
    return best;
}

}  // namespace npusim
