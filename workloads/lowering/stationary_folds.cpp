#include "stationary_folds.h"

#include <algorithm>

#include "npusim/base/integer_math.h"

namespace npusim {

std::int64_t port_accesses(std::int64_t bits, int width_bits) {
    return ceil_div<std::int64_t>(bits, width_bits);
}

std::int64_t port_cycles(std::int64_t accesses, const BufferSpec& buffer, bool double_buffering) {
    const int sides = double_buffering ? 2 : 1;
    return std::max<std::int64_t>(1, ceil_div<std::int64_t>(accesses, std::max(1, buffer.banks / sides)));
}

namespace {

struct Fold {
    std::int64_t rows = 0;  ///< used
    std::int64_t columns = 0;
    bool accumulates = false;
};

class FoldTimer {
public:
    FoldTimer(const ArchSpec& arch, const StationaryWork& lie) : arch_(arch), lie_(lie) {}

    /// Cycles to move one row of what stays into the array.
    [[nodiscard]] std::int64_t row_load_cycles(const Fold& fold) const {
        return port_cycles(row_accesses(fold), *lie_.staying.buffer, arch_.double_buffering);
    }
    /// Cycles between two streamed vectors: limited by their port and by the accumulators' read and write.
    [[nodiscard]] std::int64_t vector_cycles(const Fold& fold) const {
        const std::int64_t sums = accumulator_accesses(fold) * (fold.accumulates ? 2 : 1);
        return std::max(port_cycles(vector_accesses(fold), *lie_.streaming.buffer, arch_.double_buffering),
                        port_cycles(sums, arch_.accumulator_buffer, arch_.double_buffering));
    }

    void count(const Fold& fold, ArrayTiming& timing) const {
        const auto vectors = static_cast<std::uint64_t>(lie_.streamed);
        const auto rows = static_cast<std::uint64_t>(fold.rows);
        timing.folds += 1;
        timing.pe_operations += vectors * rows * static_cast<std::uint64_t>(fold.columns);
        timing.pe_weight_loads += rows * static_cast<std::uint64_t>(fold.columns);
        timing.weight_reads += rows * static_cast<std::uint64_t>(row_accesses(fold));
        timing.activation_reads += vectors * static_cast<std::uint64_t>(vector_accesses(fold));
        const auto sums = vectors * static_cast<std::uint64_t>(accumulator_accesses(fold));
        timing.accumulator_writes += sums;
        if (fold.accumulates) timing.accumulator_reads += sums;
    }

private:
    [[nodiscard]] std::int64_t row_accesses(const Fold& fold) const {
        return port_accesses(fold.columns * lie_.staying.slice_bits, lie_.staying.buffer->width_bits);
    }
    [[nodiscard]] std::int64_t vector_accesses(const Fold& fold) const {
        return port_accesses(fold.rows * lie_.streaming.slice_bits, lie_.streaming.buffer->width_bits);
    }
    [[nodiscard]] std::int64_t accumulator_accesses(const Fold& fold) const {
        return port_accesses(fold.columns * arch_.array.accumulator_bits, arch_.accumulator_buffer.width_bits);
    }

    const ArchSpec& arch_;
    const StationaryWork& lie_;
};

/// Visits the folds in order: columns outside, then the reduction, then slice passes.
template <typename Visit>
void for_each_fold(const ArchSpec& arch, const ArrayWork& work, const StationaryWork& lie, const Visit& visit) {
    const std::int64_t passes = work.weight_slices * work.activation_slices;
    for (std::int64_t group = 0; group < work.groups; ++group) {
        for (std::int64_t c = 0; c < lie.on_columns; c += arch.array.columns) {
            for (std::int64_t k = 0; k < work.reduction; k += arch.array.rows) {
                for (std::int64_t pass = 0; pass < passes; ++pass) {
                    visit(Fold{std::min<std::int64_t>(arch.array.rows, work.reduction - k),
                               std::min<std::int64_t>(arch.array.columns, lie.on_columns - c),
                               work.accumulates || k > 0 || pass > 0});
                }
            }
        }
    }
}

}  // namespace

ArrayTiming time_stationary(const ArchSpec& arch, const ArrayWork& work, const StationaryWork& lie) {
    const FoldTimer timer(arch, lie);
    const std::int64_t rows = arch.array.rows;
    const std::int64_t skew_cycles = rows - 1 + arch.array.columns - 1;
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
        conflict_cycles += exposed_load - exposed_full_rate + stream_cycles - lie.streamed;
        streamed_cycles = stream_cycles;
        timer.count(fold, timing);
    });
    timing.busy_cycles = timing.folds * static_cast<std::uint64_t>(lie.streamed);
    timing.bank_conflict_cycles = static_cast<std::uint64_t>(conflict_cycles);
    timing.fill_drain_cycles =
        static_cast<std::uint64_t>(total_cycles) - timing.busy_cycles - timing.bank_conflict_cycles;
    return timing;
}

}  // namespace npusim
