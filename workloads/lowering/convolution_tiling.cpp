#include <algorithm>

#include "npusim/base/integer_math.h"
#include "npusim/workloads/lowering/dataflow.h"
#include "tile_estimate.h"

namespace npusim {
namespace {

/// Number of times the whole weights, or inputs, are read under a loop order.
struct Rereads {
    std::int64_t weights = 1;
    std::int64_t inputs = 1;
};

struct TileCounts {
    std::int64_t n = 1;
    std::int64_t m = 1;
    std::int64_t k = 1;
};

Rereads rereads(const Tiling& tiling, const TileCounts& tiles) {
    Rereads times;
    const bool weights_stay = tiling.weights_whole && (tiling.weights_outer || tiles.n == 1);
    const bool inputs_stay = tiling.inputs_whole && (!tiling.weights_outer || tiles.m == 1);
    if (!weights_stay) times.weights = tiles.m;
    if (!inputs_stay) times.inputs = tiles.n;
    return times;
}

class ConvolutionTiler {
public:
    explicit ConvolutionTiler(const LayerContext& layer) : layer_(layer), out_(layer.node.output_shape) {}

    std::optional<Tiling> best() {
        for (const std::int64_t n : out_channel_tiles(layer_)) {
            const std::int64_t depth = accumulator_pixels(layer_, n);
            for (const std::int64_t columns : tile_extents(out_.width, depth)) {
                for (const std::int64_t rows : tile_extents(out_.height, depth / columns)) {
                    try_reductions({n, rows, columns, 0, true, true, true});
                }
            }
        }
        return best_;
    }

private:
    void try_reductions(Tiling tiling) {
        const std::int64_t all = layer_.group_in_channels();
        const auto k_tiles = layer_.node.groups > 1 ? std::vector<std::int64_t>{all}
                                                    : channel_tiles(all, layer_.input_layout().channel_block, false);
        for (const std::int64_t k : k_tiles) {
            tiling.reduce_channels = k;
            for (const bool weights_whole : {true, false}) {
                for (const bool inputs_whole : {true, false}) {
                    if (k == all && !(weights_whole && inputs_whole)) continue;
                    tiling.weights_whole = weights_whole;
                    tiling.inputs_whole = inputs_whole;
                    try_orders(tiling);
                }
            }
        }
    }

    void try_orders(Tiling tiling) {
        const SlotBytes bytes = slot_bytes(layer_, tiling);
        if (!fits(layer_, bytes)) return;
        for (const bool weights_outer : {true, false}) {
            tiling.weights_outer = weights_outer;
            const Estimate estimate = this->estimate(tiling, bytes);
            if (best_ && !(estimate < best_estimate_)) continue;
            best_ = tiling;
            best_estimate_ = estimate;
        }
    }

    [[nodiscard]] Estimate estimate(const Tiling& tiling, const SlotBytes& slot) const {
        const QuantizedNode& node = layer_.node;
        const TileCounts tiles{ceil_div(out_.channels, tiling.out_channels),
                               ceil_div(out_.height, tiling.rows) * ceil_div(out_.width, tiling.columns),
                               ceil_div(layer_.group_in_channels(), tiling.reduce_channels)};
        const Rereads times = rereads(tiling, tiles);
        const std::int64_t weight_bytes =
            ceil_div<std::int64_t>(out_.channels * node.reduction_size() * node.weight_bits, 8) +
            out_.channels * layer_.parameter_bytes_per_channel();
        const Traffic results = result_traffic(layer_, tiling);
        const std::int64_t weight_parts = tiling.weights_whole ? 1 : tiles.k;
        const std::int64_t input_parts = tiling.inputs_whole ? 1 : tiles.k;
        Traffic traffic;
        traffic.load_bytes = weight_bytes * times.weights + input_bus_bytes(tiling, tiles) * times.inputs +
                             results.load_bytes * tiles.n * tiles.m;
        traffic.loads = tiles.n * weight_parts * times.weights + tiles.m * input_parts * times.inputs +
                        results.loads * tiles.n * tiles.m;
        traffic.store_bytes = results.store_bytes * tiles.n * tiles.m;
        traffic.stores = results.stores * tiles.n * tiles.m;
        const std::int64_t commands = tiles.n * tiles.m * tiles.k;
        std::int64_t array_cycles = array_cycles_of(tiling, tiles) + commands * skew_cycles();
        // While a tile's results leave, no load moves: the array lives on the one command that is fetched ahead.
        const std::int64_t blocked_cycles = bus_cycles(layer_.arch, results.store_bytes) - array_cycles / commands;
        array_cycles += tiles.n * tiles.m * std::max<std::int64_t>(0, blocked_cycles);
        const std::int64_t vector_cycles = out_.height * out_.width * tiles.n *
                                           ceil_div<std::int64_t>(tiling.out_channels, layer_.arch.vector_unit.lanes) *
                                           static_cast<std::int64_t>(node.destinations.size());
        const std::int64_t first_last = slot.weights + slot.inputs + results.store_bytes;
        return combine(layer_.arch, traffic, array_cycles, vector_cycles, first_last, commands);
    }

    [[nodiscard]] std::int64_t skew_cycles() const { return 2 * layer_.arch.array.rows + layer_.arch.array.columns; }

    [[nodiscard]] std::int64_t array_cycles_of(const Tiling& tiling, const TileCounts& tiles) const {
        const Region tile = largest_tile(tiling);
        const ArrayWork work = layer_.array_work(tile, tiling.reduce_channels, true);
        return tiles.n * tiles.m * tiles.k * dataflow_.estimate_cycles(layer_.arch.array, work);
    }

    /// Of all pixel tiles, halos included, once.
    [[nodiscard]] std::int64_t input_bus_bytes(const Tiling& tiling, const TileCounts& tiles) const {
        const std::int64_t channels = tiling.inputs_whole
                                          ? layer_.node.input_shape.channels
                                          : std::min(tiling.reduce_channels, layer_.node.input_shape.channels);
        const Region region = largest_input(layer_, tiling, 0, channels);
        const std::int64_t parts = tiling.inputs_whole ? 1 : tiles.k;
        return tiles.m * parts * estimate_bus_bytes(layer_.input_layout(), region, layer_.arch.dram.burst_bytes);
    }

    const LayerContext& layer_;
    TensorShape out_;
    const DataflowPolicy& dataflow_ = dataflow_policy(layer_.arch.array.dataflow);
    std::optional<Tiling> best_;
    Estimate best_estimate_;
};

}  // namespace

std::optional<Tiling> convolution_tiling(const LayerContext& layer) {
    return ConvolutionTiler(layer).best();
}

}  // namespace npusim
