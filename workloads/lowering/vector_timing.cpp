#include "npusim/base/integer_math.h"
#include "npusim/workloads/lowering/dataflow.h"

namespace npusim {

VectorTiming time_vector(const ArchSpec& arch, const VectorWork& work) {
    const auto accesses = [](std::int64_t bits, int width) {
        return static_cast<std::uint64_t>(ceil_div<std::int64_t>(bits, width));
    };
    const auto pixels = static_cast<std::uint64_t>(work.pixels);
    const auto elements = pixels * static_cast<std::uint64_t>(work.channels);
    const auto area = static_cast<std::uint64_t>(work.window_area);
    const auto destinations = static_cast<std::uint64_t>(work.output_bits.size());
    // Lanes take what lies side by side: channels of a pixel, or pixels of a channel.
    const bool by_channel = work.reads_accumulators && work.sums_lie_by_channel;
    const std::int64_t lying = by_channel ? work.pixels : work.channels;
    const auto rows = static_cast<std::uint64_t>(by_channel ? work.channels : work.pixels);
    const auto groups = static_cast<std::uint64_t>(ceil_div<std::int64_t>(lying, arch.vector_unit.lanes));
    const int activation_width = arch.activation_buffer.width_bits;

    VectorTiming timing;
    // The window accumulates one element a cycle; its last cycle also makes the first destination.
    timing.busy_cycles = rows * groups * (area + destinations - 1);
    timing.fill_drain_cycles = static_cast<std::uint64_t>(arch.vector_unit.pipeline_cycles - 1);
    timing.requantize_operations = elements * destinations;
    if (work.reads_accumulators) {
        timing.accumulator_reads =
            rows * destinations * accesses(lying * arch.array.accumulator_bits, arch.accumulator_buffer.width_bits);
    } else {
        timing.activation_reads = pixels * area * accesses(work.channels * work.input_bits, activation_width);
        timing.alu_operations += elements * (area - 1);
    }
    if (work.has_residual) {
        timing.activation_reads +=
            pixels * destinations * accesses(work.channels * work.residual_bits, activation_width);
        timing.alu_operations += elements * destinations;
    }
    for (const int bits : work.output_bits) {
        timing.activation_writes += pixels * accesses(work.channels * bits, activation_width);
    }
    return timing;
}

}  // namespace npusim
