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
    const auto groups = static_cast<std::uint64_t>(ceil_div<std::int64_t>(work.channels, arch.vector_unit.lanes));
    const int activation_width = arch.activation_buffer.width_bits;

    VectorTiming timing;
    // The window accumulates one element a cycle; its last cycle also makes the first destination.
    timing.busy_cycles = pixels * groups * (area + destinations - 1);
    timing.fill_drain_cycles = static_cast<std::uint64_t>(arch.vector_unit.pipeline_cycles - 1);
    timing.requantize_operations = elements * destinations;
    if (work.reads_accumulators) {
        timing.accumulator_reads =
            pixels * destinations *
            accesses(work.channels * arch.array.accumulator_bits, arch.accumulator_buffer.width_bits);
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
