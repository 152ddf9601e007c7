#include "stationary_folds.h"

#include <algorithm>

#include "npusim/base/integer_math.h"

namespace npusim {

std::int64_t port_accesses(std::int64_t bits, int width_bits) {
    return ceil_div<std::int64_t>(bits, width_bits);
}

std::int64_t port_cycles(std::int64_t accesses, const BufferSpec& buffer, bool double_buffering) {
    const int sides = double_buffering ? 2 : 1;
    const int a_cycle = std::max(1, buffer.banks / sides) * buffer.ports;
    return std::max<std::int64_t>(1, ceil_div<std::int64_t>(accesses, a_cycle));
}

std::int64_t entry_cycles(const FoldOperand& operand, std::int64_t port_cycles, int step_cycles) {
    return operand.by_bits ? std::max<std::int64_t>(port_cycles, step_cycles) : port_cycles + step_cycles - 1;
}

namespace {

struct Fold {
    std::int64_t elements = 0;  ///< of K
    std::int64_t columns = 0;   ///< used
    bool accumulates = false;
};

class FoldTimer {
public:
    FoldTimer(const ArchSpec& arch, const ArrayWork& work, const StationaryWork& lie)
        : arch_(arch), work_(work), lie_(lie) {}

    /// Cycles to move one row of what stays into the array.
    [[nodiscard]] std::int64_t row_load_cycles(const Fold& fold) const {
        const std::int64_t lanes = std::min<std::int64_t>(fold.elements, work_.lanes);
        return port_cycles(row_accesses(fold, lanes), *lie_.staying.buffer, arch_.double_buffering);
    }
    /// Cycles between two streamed vectors: limited by the PEs, their port and the accumulators' read and write.
    [[nodiscard]] std::int64_t vector_cycles(const Fold& fold) const {
        const std::int64_t sums = accumulator_accesses(fold) * (fold.accumulates ? 2 : 1);
        const std::int64_t operand_cycles =
            port_cycles(vector_accesses(fold), *lie_.streaming.buffer, arch_.double_buffering);
        return std::max(entry_cycles(lie_.streaming, operand_cycles, work_.cycles_per_step),
                        port_cycles(sums, arch_.accumulator_buffer, arch_.double_buffering));
    }

    void count(const Fold& fold, ArrayTiming& timing) const {
        const auto vectors = static_cast<std::uint64_t>(lie_.streamed);
        const auto columns = static_cast<std::uint64_t>(fold.columns);
        const auto operands = static_cast<std::uint64_t>(fold.elements) * columns;
        const std::int64_t full_rows = fold.elements / work_.lanes;
        const std::int64_t rest = fold.elements % work_.lanes;
        const auto pes = static_cast<std::uint64_t>(full_rows + (rest > 0 ? 1 : 0)) * columns;
        timing.folds += 1;
        timing.pe_operations += vectors * operands;
        timing.pe_steps += vectors * pes * static_cast<std::uint64_t>(work_.cycles_per_step);
        timing.pe_weight_loads += operands;
        timing.weight_reads +=
            static_cast<std::uint64_t>(full_rows * row_accesses(fold, work_.lanes) + row_accesses(fold, rest));
        timing.activation_reads += vectors * static_cast<std::uint64_t>(vector_accesses(fold));
        const auto sums = vectors * static_cast<std::uint64_t>(accumulator_accesses(fold));
        timing.accumulator_writes += sums;
        if (fold.accumulates) timing.accumulator_reads += sums;
    }

private:
    [[nodiscard]] std::int64_t row_accesses(const Fold& fold, std::int64_t lanes) const {
        return port_accesses(fold.columns * lanes * lie_.staying.slice_bits, lie_.staying.buffer->width_bits);
    }
    [[nodiscard]] std::int64_t vector_accesses(const Fold& fold) const {
        return port_accesses(fold.elements * lie_.streaming.slice_bits, lie_.streaming.buffer->width_bits);
    }
    [[nodiscard]] std::int64_t accumulator_accesses(const Fold& fold) const {
        return port_accesses(fold.columns * arch_.array.accumulator_bits, arch_.accumulator_buffer.width_bits);
    }

    const ArchSpec& arch_;
    const ArrayWork& work_;
    const StationaryWork& lie_;
};

/// Visits the folds in order: columns outside, then the reduction, then slice passes.
template <typename Visit>
void for_each_fold(const ArchSpec& arch, const ArrayWork& work, const StationaryWork& lie, const Visit& visit) {
    const std::int64_t passes = work.weight_slices * work.activation_slices;
    const std::int64_t most_elements = std::int64_t{arch.array.rows} * work.lanes;
    for (std::int64_t group = 0; group < work.groups; ++group) {
        for (std::int64_t c = 0; c < lie.on_columns; c += arch.array.columns) {
            for (std::int64_t k = 0; k < work.reduction; k += most_elements) {
                for (std::int64_t pass = 0; pass < passes; ++pass) {
                    visit(Fold{std::min(most_elements, work.reduction - k),
                               std::min<std::int64_t>(arch.array.columns, lie.on_columns - c),
                               work.accumulates || k > 0 || pass > 0});
                }
            }
        }
    }
}

}  // namespace

ArrayTiming time_stationary(const ArchSpec& arch, const ArrayWork& work, const StationaryWork& lie) {
    const FoldTimer timer(arch, work, lie);
    const std::int64_t rows = arch.array.rows;
    const std::int64_t skew_cycles = rows - 1 + arch.array.columns - 1;
    const std::int64_t full_rate_cycles = lie.streamed * work.cycles_per_step;  ///< of a fold's vectors
    ArrayTiming timing;
    std::int64_t total_cycles = 0;
    std::int64_t conflict_cycles = 0;
    std::int64_t streamed_cycles = 0;  ///< of the fold before, which hides this fold's load
    for_each_fold(arch, work, lie, [&](const Fold& fold) {
        const std::int64_t load_cycles = rows * timer.row_load_cycles(fold);
        const std::int64_t stream_cycles = lie.streamed * timer.vector_cycles(fold);
        const bool hidden = arch.array.overlap_weight_load && timing.folds > 0;
        const std::int64_t exposed_load =
            hidden ? std::max<std::int64_t>(0, load_cycles - streamed_cycles) : load_cycles;
        const std::int64_t exposed_full_rate = hidden ? std::max<std::int64_t>(0, rows - streamed_cycles) : rows;
        total_cycles += exposed_load + stream_cycles + (hidden ? 0 : skew_cycles);
        conflict_cycles += exposed_load - exposed_full_rate + stream_cycles - full_rate_cycles;
        streamed_cycles = stream_cycles;
        timer.count(fold, timing);
    });
    timing.busy_cycles = timing.folds * static_cast<std::uint64_t>(full_rate_cycles);
    timing.bank_conflict_cycles = static_cast<std::uint64_t>(conflict_cycles);
    timing.fill_drain_cycles =
        static_cast<std::uint64_t>(total_cycles) - timing.busy_cycles - timing.bank_conflict_cycles;
    return timing;
}

}  // namespace npusim
