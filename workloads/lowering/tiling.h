// Chooses how a layer is cut, so that its tiles fit the buffers and its time is least.
#pragma once

#include "npusim/arch/arch_spec.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim {

/// What of a layer stays on chip: no slots, no transfers.
struct StaysOnChip {
    bool input = false;
    bool residual = false;
    bool weights = false;               ///< with the requantizer's constants
    std::vector<bool> outputs;          ///< of each destination; empty: none
    std::int64_t activation_bytes = 0;  ///< of the activation buffer that slots cannot have
    std::int64_t weight_bytes = 0;      ///< of the weight buffer
    std::uint64_t weight_address = 0;   ///< where the layer's own weights begin, if they stay
    [[nodiscard]] bool output(std::size_t destination) const { return !outputs.empty() && outputs[destination]; }
    friend bool operator==(const StaysOnChip&, const StaysOnChip&) = default;
};

/// A node with what the lowering knows of its tensors.
struct LayerContext {
    const QuantizedNetwork& network;
    const QuantizedNode& node;
    const std::vector<TensorLayout>& layouts;
    const ArchSpec& arch;
    StaysOnChip stays{};

    [[nodiscard]] const TensorLayout& input_layout() const { return layouts[node.input.tensor]; }
    [[nodiscard]] std::int64_t batch() const { return input_layout().images; }
    [[nodiscard]] int slots() const { return arch.double_buffering ? arch.prefetch_depth + 1 : 1; }
    [[nodiscard]] std::int64_t group_in_channels() const { return node.input_shape.channels / node.groups; }
    [[nodiscard]] std::int64_t group_out_channels() const { return node.output_shape.channels / node.groups; }
    [[nodiscard]] std::int64_t kernel_area() const { return node.window.kernel_height * node.window.kernel_width; }
    [[nodiscard]] std::int64_t parameter_bytes_per_channel() const {
        return static_cast<std::int64_t>(node.destinations.size()) * kRequantizerBytes;
    }
    /// A row holds as many sums as the array has columns; rows that one slot has.
    [[nodiscard]] std::int64_t accumulator_rows_per_slot() const;
    /// The input pixels that output rows and columns need, inside the tensor; channels are the view's, offset.
    [[nodiscard]] Region input_region(const Region& output, std::int64_t channel_begin, std::int64_t channel_end) const;
    /// The part of a destination's tensor that an output region fills.
    [[nodiscard]] Region destination_region(const Destination& destination, const Region& output) const;
    [[nodiscard]] Region residual_region(const Region& output) const;
    [[nodiscard]] ArrayWork array_work(const Region& output, std::int64_t reduce_channels, bool accumulates) const;
    [[nodiscard]] VectorWork vector_work(const Region& output) const;
};

/// The tensors of `batch` images in DRAM, one behind the other; `end` moves behind the last.
[[nodiscard]] std::vector<TensorLayout> place_tensors(const QuantizedNetwork& network, const ArchSpec& arch,
                                                      std::int64_t batch, std::uint64_t& end);

/// Everything of a layer that its commands depend on, names and addresses aside: on one chip, layers that agree in it
/// are cut alike and take the same time.
[[nodiscard]] std::vector<std::int64_t> tiling_key(const LayerContext& layer);

/// Bytes that one slot of each buffer must hold for a tiling's largest tile; 0 of what stays on chip.
struct SlotBytes {
    std::int64_t weights = 0;
    std::int64_t inputs = 0;
    std::int64_t operand = 0;  ///< residual
    std::vector<std::int64_t> outputs;
    [[nodiscard]] std::int64_t activations() const;
};
[[nodiscard]] SlotBytes slot_bytes(const LayerContext& layer, const Tiling& tiling);
/// Its parts: outputs and residual (of output channels, rows and columns), inputs (of rows, columns and the channels
/// that a slot holds), weights.
[[nodiscard]] SlotBytes result_slot_bytes(const LayerContext& layer, const Tiling& tiling);
[[nodiscard]] std::int64_t input_slot_bytes(const LayerContext& layer, const Tiling& tiling);
[[nodiscard]] std::int64_t slot_input_channels(const LayerContext& layer, const Tiling& tiling);
[[nodiscard]] std::int64_t weight_slot_bytes(const LayerContext& layer, const Tiling& tiling);

/// Throws InputError naming the layer, the buffer, the bytes needed and available when nothing fits.
[[nodiscard]] Tiling choose_tiling(const LayerContext& layer);

/// [begin, end) ranges of `step` that cover `total`.
struct Span {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    [[nodiscard]] std::int64_t size() const { return end - begin; }
};
[[nodiscard]] std::vector<Span> cut(std::int64_t total, std::int64_t step);

}  // namespace npusim
