#include "npusim/base/integer_math.h"
#include "npusim/workloads/lowering/dataflow.h"

namespace npusim {

namespace {

std::uint64_t accesses(std::int64_t bits, int width) {
    return static_cast<std::uint64_t>(ceil_div<std::int64_t>(bits, width));
}

}  // namespace

VectorAccesses activation_accesses(const ArchSpec& arch, const VectorWork& work) {
    const auto pixels = static_cast<std::uint64_t>(work.pixels);
    const int width = arch.activation_buffer.width_bits;
    VectorAccesses of;
    if (!work.reads_accumulators) {
        of.operand_reads =
            pixels * static_cast<std::uint64_t>(work.window_area) * accesses(work.channels * work.input_bits, width);
    }
    if (work.has_residual) {
        of.residual_reads = pixels * work.output_bits.size() * accesses(work.channels * work.residual_bits, width);
    }
    of.writes.reserve(work.output_bits.size());
    for (const int bits : work.output_bits) of.writes.push_back(pixels * accesses(work.channels * bits, width));
    return of;
}

VectorTiming time_vector(const ArchSpec& arch, const VectorWork& work) {
    const auto pixels = static_cast<std::uint64_t>(work.pixels);
    const auto elements = pixels * static_cast<std::uint64_t>(work.channels);
    const auto area = static_cast<std::uint64_t>(work.window_area);
    const auto destinations = static_cast<std::uint64_t>(work.output_bits.size());
    // Lanes take what lies side by side: channels of a pixel, or pixels of a channel.
    const bool by_channel = work.reads_accumulators && work.sums_lie_by_channel;
    const std::int64_t lying = by_channel ? work.pixels : work.channels;
    const auto rows = static_cast<std::uint64_t>(by_channel ? work.channels : work.pixels);
    const auto groups = static_cast<std::uint64_t>(ceil_div<std::int64_t>(lying, arch.vector_unit.lanes));

    VectorTiming timing;
    // The window accumulates one element a cycle; its last cycle also makes the first destination.
    timing.busy_cycles = rows * groups * (area + destinations - 1);
    timing.fill_drain_cycles = static_cast<std::uint64_t>(arch.vector_unit.pipeline_cycles - 1);
    timing.requantize_operations = elements * destinations;
    if (work.reads_accumulators) {
        timing.accumulator_reads =
            rows * destinations * accesses(lying * arch.array.accumulator_bits, arch.accumulator_buffer.width_bits);
    } else {
        timing.alu_operations += elements * (area - 1);
    }
    if (work.has_residual) timing.alu_operations += elements * destinations;
    const VectorAccesses there = activation_accesses(arch, work);
    timing.activation_reads = there.operand_reads + there.residual_reads;
    for (const std::uint64_t writes : there.writes) timing.activation_writes += writes;
    return timing;
}

}  // namespace npusim
