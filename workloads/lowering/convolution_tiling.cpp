#include <algorithm>
#include <map>
#include <tuple>

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

    /// Boxes in the order of the least array time that they allow: behind the first that the best tiling beats already,
    /// none can win. Of equals the first one in the order of channels, columns and rows wins.
    std::optional<TilingChoice> best() {
        std::vector<Box> boxes = this->boxes();
        std::stable_sort(boxes.begin(), boxes.end(),
                         [](const Box& a, const Box& b) { return a.least_cycles < b.least_cycles; });
        for (const Box& box : boxes) {
            if (best_ && box.least_cycles > best_->estimate.cycles) break;
            box_number_ = box.number;
            results_ = result_traffic(layer_, box.tiling);
            slot_ = result_slot_bytes(layer_, box.tiling);
            try_reductions(box.tiling);
        }
        return best_;
    }

private:
    /// Output channels, rows and columns of a tile.
    struct Box {
        Tiling tiling;
        std::int64_t least_cycles = 0;  ///< of the array, with the whole reduction in one command
        std::size_t number = 0;
    };

    [[nodiscard]] std::vector<Box> boxes() const {
        std::vector<Box> found;
        for (const std::int64_t n : out_channel_tiles(layer_)) {
            const std::int64_t depth = accumulator_pixels(layer_, n);
            for (const std::int64_t columns : tile_extents(out_.width, depth)) {
                for (const std::int64_t rows : tile_extents(out_.height, depth / columns)) {
                    Tiling tiling{n, rows, columns, layer_.group_in_channels(), true, true, true};
                    for (const std::int64_t images : image_tiles(layer_, tiling, depth / (columns * rows))) {
                        tiling.images = images;
                        found.push_back({tiling, array_cycles_of(tiling), found.size()});
                    }
                }
            }
        }
        return found;
    }

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
        slot_.weights = weight_slot_bytes(layer_, tiling);
        slot_.inputs = slot_bytes_of(tiling);
        if (!fits(layer_, slot_)) return;
        const std::int64_t array_cycles = array_cycles_of(tiling);
        for (const bool weights_outer : {true, false}) {
            tiling.weights_outer = weights_outer;
            const Estimate estimate = this->estimate(tiling, array_cycles);
            const bool wins =
                !best_ || estimate < best_->estimate || (estimate == best_->estimate && box_number_ < best_box_);
            if (!wins) continue;
            best_ = {tiling, estimate};
            best_box_ = box_number_;
        }
    }

    [[nodiscard]] TileCounts tiles_of(const Tiling& tiling) const {
        return {ceil_div(out_.channels, tiling.out_channels),
                ceil_div(out_.height, tiling.rows) * ceil_div(out_.width, tiling.columns) *
                    ceil_div(layer_.batch(), tiling.images),
                ceil_div(layer_.group_in_channels(), tiling.reduce_channels)};
    }

    [[nodiscard]] Estimate estimate(const Tiling& tiling, std::int64_t array_cycles) {
        const QuantizedNode& node = layer_.node;
        const TileCounts tiles = tiles_of(tiling);
        const Rereads times = rereads(tiling, tiles);
        const bool weights_move = !layer_.stays.weights;
        const bool inputs_move = !layer_.stays.input;
        const std::int64_t weight_bytes =
            weights_move ? ceil_div<std::int64_t>(out_.channels * node.reduction_size() * node.weight_bits, 8) +
                               out_.channels * layer_.parameter_bytes_per_channel()
                         : 0;
        const Traffic& results = results_;
        const std::int64_t weight_parts = !weights_move ? 0 : tiling.weights_whole ? 1 : tiles.k;
        const std::int64_t input_parts = !inputs_move ? 0 : tiling.inputs_whole ? 1 : tiles.k;
        Traffic traffic;
        traffic.load_bytes = weight_bytes * times.weights + input_bus_bytes(tiling, tiles) * times.inputs +
                             results.load_bytes * tiles.n * tiles.m;
        traffic.loads = tiles.n * weight_parts * times.weights + tiles.m * input_parts * times.inputs +
                        results.loads * tiles.n * tiles.m;
        traffic.store_bytes = results.store_bytes * tiles.n * tiles.m;
        traffic.stores = results.stores * tiles.n * tiles.m;
        const std::int64_t commands = tiles.n * tiles.m * tiles.k;
        // While a tile's results leave, no load moves: the array lives on the one command that is fetched ahead.
        const std::int64_t blocked_cycles = bus_cycles(layer_.arch, results.store_bytes) - array_cycles / commands;
        array_cycles += tiles.n * tiles.m * std::max<std::int64_t>(0, blocked_cycles);
        const std::int64_t vector_cycles = layer_.batch() * out_.height * out_.width * tiles.n *
                                           ceil_div<std::int64_t>(tiling.out_channels, layer_.arch.vector_unit.lanes) *
                                           static_cast<std::int64_t>(node.destinations.size());
        const std::int64_t first_last = slot_.weights + slot_.inputs + results.store_bytes;
        return combine(layer_.arch, traffic, array_cycles, vector_cycles, first_last, commands);
    }

    [[nodiscard]] std::int64_t skew_cycles() const { return 2 * layer_.arch.array.rows + layer_.arch.array.columns; }

    [[nodiscard]] std::int64_t array_cycles_of(const Tiling& tiling) const {
        const TileCounts tiles = tiles_of(tiling);
        const std::int64_t commands = tiles.n * tiles.m * tiles.k;
        const Region tile = largest_tile(tiling);
        const ArrayWork work = layer_.array_work(tile, tiling.reduce_channels, true);
        return commands * (dataflow_.estimate_cycles(layer_.arch.array, work) + skew_cycles());
    }

    /// Of all pixel tiles, halos included, once.
    [[nodiscard]] std::int64_t input_bus_bytes(const Tiling& tiling, const TileCounts& tiles) {
        if (layer_.stays.input) return 0;
        const std::int64_t channels = tiling.inputs_whole
                                          ? layer_.node.input_shape.channels
                                          : std::min(tiling.reduce_channels, layer_.node.input_shape.channels);
        std::int64_t& bytes =
            bus_bytes_.try_emplace({tiling.rows, tiling.columns, channels, tiling.images}, kUnknown).first->second;
        if (bytes == kUnknown) {
            bytes = estimate_bus_bytes(layer_.input_layout(), largest_input(layer_, tiling, 0, channels),
                                       layer_.arch.dram.burst_bytes);
        }
        return tiles.m * (tiling.inputs_whole ? 1 : tiles.k) * bytes;
    }

    [[nodiscard]] std::int64_t slot_bytes_of(const Tiling& tiling) {
        const InputExtents extents{tiling.rows, tiling.columns, slot_input_channels(layer_, tiling), tiling.images};
        std::int64_t& bytes = slot_bytes_.try_emplace(extents, kUnknown).first->second;
        if (bytes == kUnknown) bytes = input_slot_bytes(layer_, tiling);
        return bytes;
    }

    /// Rows and columns of output, channels of input, images: all that bytes of input depend on, whatever else is
    /// tried.
    using InputExtents = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
    static constexpr std::int64_t kUnknown = -1;

    const LayerContext& layer_;
    TensorShape out_;
    const DataflowPolicy& dataflow_ = dataflow_policy(layer_.arch.array.dataflow);
    std::optional<TilingChoice> best_;
    std::size_t best_box_ = 0;
    std::size_t box_number_ = 0;  ///< of the box that is tried
    Traffic results_;             ///< of it
    SlotBytes slot_;              ///< of the tiling that is tried
    std::map<InputExtents, std::int64_t> bus_bytes_;
    std::map<InputExtents, std::int64_t> slot_bytes_;
};

}  // namespace

std::optional<TilingChoice> convolution_tiling(const LayerContext& layer) {
    return ConvolutionTiler(layer).best();
}

}  // namespace npusim
