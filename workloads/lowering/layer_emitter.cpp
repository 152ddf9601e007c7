#include "layer_emitter.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "npusim/base/integer_math.h"

namespace npusim {
namespace {

constexpr std::uint64_t kWeightTileAlignment = 64;

/// The slot of a buffer that is in use, and which tile it holds.
template <typename Key>
struct SlotState {
    std::optional<Key> key;
    int slot = -1;
    std::optional<std::size_t> last_user;  ///< index of the command that used it last
};

using TileKey = std::tuple<std::int64_t, std::int64_t, std::int64_t>;

class LayerEmitter {
public:
    LayerEmitter(const LayerContext& layer, const Tiling& tiling, std::size_t index, std::uint64_t& dram_end,
                 std::vector<WeightTile>& weight_tiles)
        : layer_(layer), dram_end_(dram_end), weight_tiles_(weight_tiles) {
        program_.node = index;
        program_.name = layer.node.name;
        program_.dataflow = layer.arch.array.dataflow;
        program_.tiling = tiling;
        program_.slots = layer.slots();
        program_.parameter_bytes_per_channel = static_cast<std::uint64_t>(layer.parameter_bytes_per_channel());
        bytes_ = slot_bytes(layer, program_.tiling);
        program_.activation_slot_bytes = bytes_.activations();
    }

    LayerProgram emit() {
        const Tiling& tiling = program_.tiling;
        const TensorShape& out = layer_.node.output_shape;
        const auto channels = cut(out.channels, tiling.out_channels);
        std::vector<Region> pixels;
        for (const Span& image : cut(layer_.batch(), tiling.images)) {
            for (const Span& y : cut(out.height, tiling.rows)) {
                for (const Span& x : cut(out.width, tiling.columns))
                    pixels.push_back({y.begin, y.end, x.begin, x.end, 0, 0, image.begin, image.end});
            }
        }
        const std::size_t outer = tiling.weights_outer ? channels.size() : pixels.size();
        const std::size_t inner = tiling.weights_outer ? pixels.size() : channels.size();
        for (std::size_t i = 0; i < outer; ++i) {
            for (std::size_t j = 0; j < inner; ++j) {
                const std::size_t n = tiling.weights_outer ? i : j;
                const std::size_t m = tiling.weights_outer ? j : i;
                Region output = pixels[m];
                output.channel_begin = channels[n].begin;
                output.channel_end = channels[n].end;
                emit_tile(output, static_cast<std::int64_t>(n), static_cast<std::int64_t>(m));
            }
        }
        if (layer_.stays.weights) keep_weights();
        return std::move(program_);
    }

private:
    void emit_tile(const Region& output, std::int64_t n, std::int64_t m) {
        std::uint64_t operand_address = 0;
        if (layer_.node.op == QuantizedOp::convolution) {
            emit_array_commands(output, n, m);
        } else {
            operand_address = emit_operand(output, n, m);
        }
        emit_vector_and_stores(output, operand_address);
    }

    void emit_array_commands(const Region& output, std::int64_t n, std::int64_t m) {
        const Tiling& tiling = program_.tiling;
        const auto reductions = cut(layer_.group_in_channels(), tiling.reduce_channels);
        accumulator_slot_ = (accumulator_slot_ + 1) % layer_.slots();
        for (std::size_t k = 0; k < reductions.size(); ++k) {
            const Span held = tiling.weights_whole ? Span{0, layer_.group_in_channels()} : reductions[k];
            Command command;
            // Constants are needed once the sum is whole, so the last tile of a reduction carries them.
            const bool last = k + 1 == reductions.size();
            use_weights({n, tiling.weights_whole ? 0 : static_cast<std::int64_t>(k), 0}, output, held,
                        tiling.weights_whole || last, command);
            const Region input = array_input(output, reductions[k]);
            use_inputs({m, input.channel_begin, input.channel_end}, LoadKind::inputs, input, command);
            if (k == 0) command.waits.push_back(Token::accumulator_free);
            if (last) command.posts.push_back(Token::accumulator_ready);
            ArrayCommand array;
            array.work = layer_.array_work(output, reductions[k].size(), k > 0);
            array.output = output;
            array.input = input;
            array.reduce_channel_begin = reductions[k].begin;
            array.reduce_channel_end = reductions[k].end;
            array.weight_channel_begin = held.begin;
            array.weight_channel_end = held.end;
            array.weight_address = weight_address_;
            array.input_address = input_address();
            array.accumulator_slot = accumulator_slot_;
            command.work = array;
            push_user(std::move(command), true);
        }
    }

    /// What the input slot holds for a convolution tile: all its input channels, or those of one reduction step.
    [[nodiscard]] Region array_input(const Region& output, const Span& reduction) const {
        if (layer_.node.groups > 1) {
            const std::int64_t first = output.channel_begin / layer_.group_out_channels();
            const std::int64_t last = output.channel_end / layer_.group_out_channels();
            return layer_.input_region(output, first * layer_.group_in_channels(), last * layer_.group_in_channels());
        }
        if (program_.tiling.inputs_whole) return layer_.input_region(output, 0, layer_.node.input_shape.channels);
        return layer_.input_region(output, reduction.begin, reduction.end);
    }

    /// The vector unit's own operand and constants; returns the operand's address.
    std::uint64_t emit_operand(const Region& output, std::int64_t n, std::int64_t m) {
        const bool all_channels = layer_.node.op == QuantizedOp::slice_pad;
        const Region input = all_channels ? layer_.input_region(output, 0, layer_.node.input_shape.channels)
                                          : layer_.input_region(output, output.channel_begin, output.channel_end);
        use_weights({n, 0, 0}, output, {0, 0}, true, vector_);
        use_inputs({m, input.channel_begin, input.channel_end}, LoadKind::operand, input, vector_);
        vector_operand_ = input;
        return input_address();
    }

    void emit_vector_and_stores(const Region& output, std::uint64_t operand_address) {
        const bool from_array = layer_.node.op == QuantizedOp::convolution;
        VectorCommand work;
        work.work = layer_.vector_work(output);
        work.output = output;
        work.operand = vector_operand_;
        work.operand_address = operand_address;
        work.parameter_address = weight_address_;
        work.accumulator_slot = accumulator_slot_;
        if (from_array) {
            vector_.waits.push_back(Token::accumulator_ready);
            vector_.posts.push_back(Token::accumulator_free);
        }
        if (layer_.node.residual) work.residual = layer_.residual_region(output);
        if (layer_.node.residual && !layer_.stays.residual) {
            residual_slot_ = (residual_slot_ + 1) % layer_.slots();
            work.residual_address = activation_slot(residual_slot_) + static_cast<std::uint64_t>(bytes_.inputs);
            emit_residual_load(work);
            vector_.waits.push_back(Token::operand_ready);
            vector_.posts.push_back(Token::operand_free);
        }
        std::vector<Command> stores = stores_of(output);
        if (!stores.empty()) {
            vector_.waits.push_back(Token::output_free);
            vector_.posts.push_back(Token::output_ready);
        }
        work.output_addresses = output_addresses_;
        vector_.work = std::move(work);
        push_user(std::exchange(vector_, {}), !from_array);
        std::move(stores.begin(), stores.end(), std::back_inserter(program_.commands));
    }

    void emit_residual_load(const VectorCommand& work) {
        LoadCommand load;
        load.kind = LoadKind::residual;
        load.sram_address = work.residual_address;
        load.tensor = layer_.node.residual->tensor;
        load.region = work.residual;
        program_.commands.push_back({load, {Token::operand_free}, {Token::operand_ready}});
    }

    /// The tile's outputs in the next slot, and the stores of those that do not stay on chip.
    std::vector<Command> stores_of(const Region& output) {
        output_slot_ = (output_slot_ + 1) % layer_.slots();
        output_addresses_.clear();
        std::uint64_t address =
            activation_slot(output_slot_) + static_cast<std::uint64_t>(bytes_.inputs + bytes_.operand);
        std::vector<Command> stores;
        const auto& destinations = layer_.node.destinations;
        for (std::size_t d = 0; d < destinations.size(); ++d) {
            output_addresses_.push_back(address);
            address += static_cast<std::uint64_t>(bytes_.outputs[d]);
            if (layer_.stays.output(d)) continue;
            StoreCommand store;
            store.destination = d;
            store.tensor = destinations[d].tensor;
            store.region = layer_.destination_region(destinations[d], output);
            store.sram_address = output_addresses_.back();
            stores.push_back({store, {}, {}});
        }
        if (!stores.empty()) {
            stores.front().waits.push_back(Token::output_ready);
            stores.back().posts.push_back(Token::output_free);
        }
        return stores;
    }

    /// Makes the weight slot hold the tile: loads it unless it is there, and lets `user` wait for the load.
    void use_weights(const TileKey& key, const Region& output, const Span& held, bool with_constants, Command& user) {
        if (weights_.key == key) return;
        weights_.key = key;
        const std::size_t known = placed_.size();
        const WeightTile& tile = weight_tile(output, held, with_constants);
        Command command;
        command.posts = {Token::weights_ready};
        if (layer_.stays.weights) {
            // Tiles lie as in DRAM, without its gaps: each is loaded once, into a place of its own.
            const auto place = places_.try_emplace(tile.address, places_end_);
            weight_address_ = layer_.stays.weight_address + place.first->second;
            if (placed_.size() == known) return;
        } else {
            release(weights_.last_user, Token::weights_free);
            command.waits = {Token::weights_free};
            weights_.slot = (weights_.slot + 1) % layer_.slots();
            weight_address_ = static_cast<std::uint64_t>(weights_.slot * bytes_.weights);
        }
        LoadCommand load;
        load.kind = LoadKind::weights;
        load.sram_address = weight_address_;
        load.dram_address = tile.address;
        load.weight_bytes = tile.weight_bytes;
        load.parameter_bytes = with_constants ? output.channels() * layer_.parameter_bytes_per_channel() : 0;
        places_end_ += static_cast<std::uint64_t>(load.weight_bytes + load.parameter_bytes);
        command.work = load;
        program_.commands.push_back(std::move(command));
        user.waits.push_back(Token::weights_ready);
    }

    /// What was emitted loads the weights that stay; batches after the first do without.
    void keep_weights() {
        program_.weights_stay = true;
        program_.first_commands = program_.commands;
        std::erase_if(program_.commands, [](const Command& command) {
            const auto* load = std::get_if<LoadCommand>(&command.work);
            return load != nullptr && load->kind == LoadKind::weights;
        });
        for (Command& command : program_.commands) std::erase(command.waits, Token::weights_ready);
    }

    void use_inputs(const TileKey& key, LoadKind kind, const Region& region, Command& user) {
        if (layer_.stays.input || inputs_.key == key) return;
        release(inputs_.last_user, Token::inputs_free);
        inputs_.key = key;
        inputs_.slot = (inputs_.slot + 1) % layer_.slots();
        if (region_bytes(layer_.input_layout(), region) > bytes_.inputs) {
            throw std::logic_error("layer " + layer_.node.name + ": an input tile is larger than its slot");
        }
        LoadCommand load;
        load.kind = kind;
        load.sram_address = input_address();
        load.tensor = layer_.node.input.tensor;
        load.region = region;
        program_.commands.push_back({load, {Token::inputs_free}, {Token::inputs_ready}});
        user.waits.push_back(Token::inputs_ready);
    }

    /// The command that used a slot last gives it back when it ends.
    void release(std::optional<std::size_t>& last_user, Token token) {
        if (last_user) program_.commands[*last_user].posts.push_back(token);
        last_user.reset();
    }

    /// Appends a command of the array or vector unit; it is the last user so far of the weight and input slots.
    void push_user(Command command, bool uses_slots) {
        program_.commands.push_back(std::move(command));
        if (!uses_slots) return;
        weights_.last_user = program_.commands.size() - 1;
        inputs_.last_user = program_.commands.size() - 1;
    }

    const WeightTile& weight_tile(const Region& output, const Span& held, bool with_constants) {
        const TileKey key{output.channel_begin, held.begin, 0};
        const auto found = placed_.find(key);
        if (found != placed_.end()) return weight_tiles_[found->second];
        WeightTile tile;
        tile.node = program_.node;
        tile.address = dram_end_;
        tile.out_channel_begin = output.channel_begin;
        tile.out_channel_end = output.channel_end;
        tile.in_channel_begin = held.begin;
        tile.in_channel_end = held.end;
        tile.weight_bytes =
            ceil_div<std::int64_t>(output.channels() * held.size() * layer_.kernel_area() * layer_.node.weight_bits, 8);
        tile.has_constants = with_constants;
        const std::int64_t bytes =
            tile.weight_bytes + (with_constants ? output.channels() * layer_.parameter_bytes_per_channel() : 0);
        dram_end_ = round_up(dram_end_ + static_cast<std::uint64_t>(bytes), kWeightTileAlignment);
        placed_[key] = weight_tiles_.size();
        weight_tiles_.push_back(tile);
        return weight_tiles_.back();
    }

    [[nodiscard]] std::uint64_t activation_slot(int slot) const {
        return static_cast<std::uint64_t>(slot * bytes_.activations());
    }
    [[nodiscard]] std::uint64_t input_address() const { return activation_slot(std::max(inputs_.slot, 0)); }

    const LayerContext& layer_;
    std::uint64_t& dram_end_;
    std::vector<WeightTile>& weight_tiles_;
    LayerProgram program_;
    SlotBytes bytes_;
    SlotState<TileKey> weights_;
    SlotState<TileKey> inputs_;
    std::map<TileKey, std::size_t> placed_;
    std::uint64_t weight_address_ = 0;               ///< of the tile in use
    std::map<std::uint64_t, std::uint64_t> places_;  ///< of weights that stay, by their address in DRAM
    std::uint64_t places_end_ = 0;
    std::vector<std::uint64_t> output_addresses_;  ///< of the tile's destinations
    int accumulator_slot_ = -1;
    int output_slot_ = -1;
    int residual_slot_ = -1;
    Command vector_;  ///< being built
    Region vector_operand_;
};

}  // namespace

LayerProgram emit_layer(const LayerContext& layer, const Tiling& tiling, std::size_t index, std::uint64_t& dram_end,
                        std::vector<WeightTile>& weight_tiles) {
    return LayerEmitter(layer, tiling, index, dram_end, weight_tiles).emit();
}

}  // namespace npusim
