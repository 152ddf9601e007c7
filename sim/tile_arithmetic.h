// The integers of one tile: what the PEs and the vector unit's lanes compute. No time, no SystemC.
#pragma once

#include <span>

#include "npusim/sim/register_array.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim::sim {

/// Sums of one accumulator slot, [image][pixel][channel] of an output region, and the constants that follow them to the
/// vector unit.
struct AccumulatorSlot {
    std::vector<std::int64_t> sums;
    std::vector<std::byte> constants;  ///< [channel][destination], kRequantizerBytes each
};

/// Of the images that are there: a batch that is not full has more.
struct TileCounts {
    std::uint64_t overflows = 0;
    std::uint64_t zero_activation_macs = 0;
};

/// Operands as the array holds them, unpacked from SRAM.
struct ArrayOperands {
    std::vector<std::int32_t> inputs;   ///< [image][pixel of command.input][channel]
    std::vector<std::int32_t> weights;  ///< [output channel][ky][kx][channel held]
};

/// Reorders [output channel][channel][ky][kx] into [output channel][ky][kx][channel].
[[nodiscard]] std::vector<std::int32_t> channels_last(const std::vector<std::int32_t>& weights,
                                                      std::int64_t out_channels, std::int64_t channels,
                                                      std::int64_t kernel_area);

/// What the PEs take, in one order of the reduction: [tap][channel]. Padding is 0.
[[nodiscard]] ArrayMatrices gather_matrices(const QuantizedNode& node, const ArrayCommand& command,
                                            const ArrayOperands& operands);
/// What accumulate_tile does with sums that the register-level array has made, [group][pixel][output channel].
TileCounts take_sums(const ArrayCommand& command, const ArrayMatrices& matrices, std::span<const std::int64_t> made,
                     int accumulator_bits, std::int64_t images, std::vector<std::int64_t>& sums);

/// Adds the command's products to the slot's sums (begins them when the command does not accumulate); sums wrap at
/// `accumulator_bits`. Counts what happens in the first `images` of the batch.
TileCounts accumulate_tile(const QuantizedNode& node, const ArrayCommand& command, const ArrayOperands& operands,
                           int accumulator_bits, std::int64_t images, std::vector<std::int64_t>& sums);

/// What enters the requantizer in a layer without array work: [image][pixel][channel] of the output region.
[[nodiscard]] std::vector<std::int64_t> gather_operand(const QuantizedNode& node, const VectorCommand& command,
                                                       std::span<const std::int32_t> operand);

/// Requantized integers of one destination, [image][pixel][channel].
[[nodiscard]] std::vector<std::int32_t> requantize_tile(const QuantizedNetwork& network, const QuantizedNode& node,
                                                        std::size_t destination, const Region& output,
                                                        std::span<const std::int64_t> sums,
                                                        std::span<const std::int32_t> residual,
                                                        std::span<const std::byte> constants);

}  // namespace npusim::sim
