// What the machine executes: for each layer, commands to its units, with the tokens by which they wait for one another.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/models/quantization/quantized_network.h"
#include "npusim/workloads/lowering/layout.h"

namespace npusim {

/// Counting tokens between units. A "ready" token says that data is there, a "free" token that a slot may be
/// overwritten; each slot of a buffer begins as one free token.
enum class Token {
    weights_ready,      ///< load → array
    weights_free,       ///< array → load
    inputs_ready,       ///< load → array
    inputs_free,        ///< array → load
    operand_ready,      ///< load → vector unit: residuals, and inputs of layers without array work
    operand_free,       ///< vector unit → load
    accumulator_ready,  ///< array → vector unit
    accumulator_free,   ///< vector unit → array
    output_ready,       ///< vector unit → store
    output_free,        ///< store → vector unit
};
constexpr std::size_t kTokens = 10;

/// What the array does in one command: T pixels stream through all folds of K × N, `groups` times.
struct ArrayWork {
    std::int64_t pixels = 0;        ///< T
    std::int64_t reduction = 0;     ///< K of one group
    std::int64_t out_channels = 0;  ///< N of one group
    std::int64_t groups = 1;
    std::int64_t weight_slices = 1;  ///< ⌈w / PE's w⌉
    std::int64_t activation_slices = 1;
    int weight_slice_bits = 0;  ///< of one slice: what moves from SRAM for an element in one pass
    int activation_slice_bits = 0;
    int lanes = 1;             ///< elements of K that a PE sums into its accumulator in one step
    int cycles_per_step = 1;   ///< more than one: activations enter bit by bit
    bool accumulates = false;  ///< adds to sums of an earlier command
    friend bool operator==(const ArrayWork&, const ArrayWork&) = default;
};

/// What the vector unit does in one command.
struct VectorWork {
    std::int64_t pixels = 0;
    std::int64_t channels = 0;
    std::int64_t window_area = 1;  ///< input elements per output element
    bool reads_accumulators = false;
    bool sums_lie_by_channel = false;  ///< an accumulator row holds one channel of several pixels
    bool has_residual = false;
    int input_bits = 0;  ///< of the operand, where it does not read accumulators
    int residual_bits = 0;
    std::vector<int> output_bits;  ///< one per destination
};

enum class LoadKind { weights, inputs, operand, residual };

/// DRAM → SRAM. Weight tiles are contiguous in DRAM; activations are regions of tensors.
struct LoadCommand {
    LoadKind kind = LoadKind::inputs;
    std::uint64_t sram_address = 0;    ///< in the weight buffer or the activation buffer
    std::uint64_t dram_address = 0;    ///< weights
    std::int64_t weight_bytes = 0;     ///< weights
    std::int64_t parameter_bytes = 0;  ///< weights: requantizer constants behind the weights
    TensorId tensor = 0;               ///< the rest
    Region region;
};

/// Weights × activations → accumulators.
struct ArrayCommand {
    ArrayWork work;
    Region output;                          ///< in the node's output: pixels and output channels
    Region input;                           ///< in the input tensor: what the activation slot holds
    std::int64_t reduce_channel_begin = 0;  ///< input channels of a group summed by this command
    std::int64_t reduce_channel_end = 0;
    std::int64_t weight_channel_begin = 0;  ///< input channels of a group that the weight slot holds
    std::int64_t weight_channel_end = 0;
    std::uint64_t weight_address = 0;
    std::uint64_t input_address = 0;
    int accumulator_slot = 0;
};

/// Accumulators, or an operand from SRAM → requantized outputs in the activation buffer.
struct VectorCommand {
    VectorWork work;
    Region output;    ///< in the node's output
    Region operand;   ///< in the input tensor (layers without array work)
    Region residual;  ///< in the residual tensor
    std::uint64_t operand_address = 0;
    std::uint64_t residual_address = 0;
    std::uint64_t parameter_address = 0;  ///< in the weight buffer
    int accumulator_slot = 0;
    std::vector<std::uint64_t> output_addresses;  ///< one per destination
};

/// SRAM → DRAM, one destination.
struct StoreCommand {
    std::size_t destination = 0;
    TensorId tensor = 0;
    Region region;
    std::uint64_t sram_address = 0;
};

struct Command {
    std::variant<LoadCommand, ArrayCommand, VectorCommand, StoreCommand> work;
    std::vector<Token> waits;  ///< taken in this order before the work begins
    std::vector<Token> posts;  ///< given when it has ended
};

/// How a layer was cut.
struct Tiling {
    std::int64_t out_channels = 0;  ///< N of a tile
    std::int64_t rows = 0;          ///< output rows
    std::int64_t columns = 0;
    std::int64_t reduce_channels = 0;  ///< input channels of a group
    bool weights_outer = true;         ///< weights stay while pixels change (else the other way round)
    bool weights_whole = true;         ///< a weight slot holds all input channels of its output channels
    bool inputs_whole = true;          ///< an input slot holds all input channels of its pixels
    std::int64_t images = 1;           ///< of the batch; more than one only with whole maps
};

/// What a layer would take in one of the dataflows, as lowering forecasts it.
struct DataflowForecast {
    Dataflow dataflow = Dataflow::weight_stationary;
    std::int64_t cycles = 0;
    std::int64_t dram_bytes = 0;
    std::int64_t sram_bits = 0;      ///< read and written
    std::int64_t movement_cost = 0;  ///< bits moved, weighted by distance: stands for energy
};

struct LayerProgram {
    std::size_t node = 0;  ///< index in QuantizedNetwork::nodes
    std::string name;
    Dataflow dataflow = Dataflow::weight_stationary;
    std::string dataflow_reason;                       ///< why this one, where the layer had a choice
    std::vector<DataflowForecast> dataflow_forecasts;  ///< of those that it could take
    Tiling tiling;
    int slots = 1;                           ///< of every buffer: one more than tiles are loaded ahead
    std::int64_t activation_slot_bytes = 0;  ///< slots lie one behind the other, from address 0 of the buffer on
    std::uint64_t parameter_bytes_per_channel = 0;
    std::vector<Command> commands;  ///< in program order; each unit takes its own in this order
    bool weights_stay = false;      ///< in the weight buffer, from the first batch on
    /// Of the first batch, where weights stay: they are loaded. Empty: `commands`.
    std::vector<Command> first_commands;
};

/// A run of weights in DRAM, in the order in which the array takes them: [output channel][input channel][ky][kx].
struct WeightTile {
    std::size_t node = 0;
    std::uint64_t address = 0;
    std::int64_t out_channel_begin = 0, out_channel_end = 0;
    std::int64_t in_channel_begin = 0, in_channel_end = 0;  ///< of a group
    std::int64_t weight_bytes = 0;
    bool has_constants = true;  ///< requantizer constants lie behind the weights
};

struct Program {
    std::string network;
    std::int64_t batch = 1;             ///< images that go through the layers together
    std::vector<TensorLayout> layouts;  ///< in DRAM; indexed as QuantizedNetwork::tensors
    /// Of tensors that live in the activation buffer: there. Indexed likewise; empty: none does.
    std::vector<std::optional<TensorLayout>> residents;
    std::vector<WeightTile> weight_tiles;
    std::vector<LayerProgram> layers;
    std::uint64_t dram_bytes = 0;
    std::int64_t peak_activation_bytes = 0;  ///< largest sum of tensors alive at once, of the whole batch
    std::int64_t weight_bytes = 0;           ///< with requantizer constants
};

/// Requantizer constants of one channel and destination in DRAM: multiplier (2 bytes), shift (1), pad (1), residual
/// multiplier (4), bias (8).
constexpr std::int64_t kRequantizerBytes = 16;
void encode_requantizer(const ChannelRequantizer& channel, std::span<std::byte> bytes);
[[nodiscard]] ChannelRequantizer decode_requantizer(std::span<const std::byte> bytes);

/// The bytes of a weight tile and its requantizer constants ([channel][destination]) as they lie in DRAM.
[[nodiscard]] std::vector<std::byte> encode_weight_tile(const QuantizedNode& node, const WeightTile& tile);
/// The weights of a tile from its bytes, [output channel][input channel][ky][kx].
[[nodiscard]] std::vector<std::int32_t> decode_weights(std::span<const std::byte> bytes, int bits, std::int64_t count);

}  // namespace npusim
