// Weight stationary: K on the rows, N on the columns, pixels stream. A fold takes R cycles to load its weights, a
// pixel enters each cycle, the last partial sum leaves R−1 + C−1 cycles after the last pixel entered:
// 2R + C + T − 2 alone (as SCALE-Sim counts it). With overlapped loading the next fold's weights move into shadow
// registers meanwhile, and its pixels follow without a gap.
#include <algorithm>

#include "dataflow_policies.h"
#include "npusim/base/integer_math.h"

namespace npusim {
namespace {

struct Fold {
    std::int64_t rows = 0;  ///< used
    std::int64_t columns = 0;
    bool accumulates = false;
};

/// Accesses of a port `width` bits wide that move `bits`.
std::int64_t accesses(std::int64_t bits, int width) {
    return ceil_div<std::int64_t>(bits, width);
}

class FoldTimer {
public:
    FoldTimer(const ArchSpec& arch, const ArrayWork& work)
        : arch_(arch), work_(work), sides_(arch.double_buffering ? 2 : 1) {}

    /// Cycles to move the fold's weights into the array, one row a cycle if the port allows.
    [[nodiscard]] std::int64_t row_load_cycles(const Fold& fold) const {
        return port_cycles(weight_row_accesses(fold), arch_.weight_buffer);
    }
    /// Cycles between two pixels: limited by the activation port and by the accumulators' read and write.
    [[nodiscard]] std::int64_t pixel_cycles(const Fold& fold) const {
        const std::int64_t sums = accumulator_accesses(fold) * (fold.accumulates ? 2 : 1);
        return std::max(port_cycles(pixel_accesses(fold), arch_.activation_buffer),
                        port_cycles(sums, arch_.accumulator_buffer));
    }

    void count(const Fold& fold, ArrayTiming& timing) const {
        const auto pixels = static_cast<std::uint64_t>(work_.pixels);
        const auto rows = static_cast<std::uint64_t>(fold.rows);
        timing.folds += 1;
        timing.pe_operations += pixels * rows * static_cast<std::uint64_t>(fold.columns);
        timing.pe_weight_loads += rows * static_cast<std::uint64_t>(fold.columns);
        timing.weight_reads += rows * static_cast<std::uint64_t>(weight_row_accesses(fold));
        timing.activation_reads += pixels * static_cast<std::uint64_t>(pixel_accesses(fold));
        const auto sums = pixels * static_cast<std::uint64_t>(accumulator_accesses(fold));
        timing.accumulator_writes += sums;
        if (fold.accumulates) timing.accumulator_reads += sums;
    }

private:
    [[nodiscard]] std::int64_t weight_row_accesses(const Fold& fold) const {
        return accesses(fold.columns * work_.weight_slice_bits, arch_.weight_buffer.width_bits);
    }
    [[nodiscard]] std::int64_t pixel_accesses(const Fold& fold) const {
        return accesses(fold.rows * work_.activation_slice_bits, arch_.activation_buffer.width_bits);
    }
    [[nodiscard]] std::int64_t accumulator_accesses(const Fold& fold) const {
        return accesses(fold.columns * arch_.array.accumulator_bits, arch_.accumulator_buffer.width_bits);
    }
    /// One access a cycle for each bank of the array's side.
    [[nodiscard]] std::int64_t port_cycles(std::int64_t count, const BufferSpec& buffer) const {
        return std::max<std::int64_t>(1, ceil_div<std::int64_t>(count, std::max(1, buffer.banks / sides_)));
    }

    const ArchSpec& arch_;
    const ArrayWork& work_;
    int sides_;
};

/// Visits the folds in order: output channels outside, then the reduction, then slice passes.
template <typename Visit>
void for_each_fold(const ArchSpec& arch, const ArrayWork& work, const Visit& visit) {
    const std::int64_t passes = work.weight_slices * work.activation_slices;
    for (std::int64_t group = 0; group < work.groups; ++group) {
        for (std::int64_t n = 0; n < work.out_channels; n += arch.array.columns) {
            for (std::int64_t k = 0; k < work.reduction; k += arch.array.rows) {
                for (std::int64_t pass = 0; pass < passes; ++pass) {
                    visit(Fold{std::min<std::int64_t>(arch.array.rows, work.reduction - k),
                               std::min<std::int64_t>(arch.array.columns, work.out_channels - n),
                               work.accumulates || k > 0 || pass > 0});
                }
            }
        }
    }
}

}  // namespace

ArrayTiming WeightStationary::time(const ArchSpec& arch, const ArrayWork& work) const {
    const FoldTimer timer(arch, work);
    const std::int64_t rows = arch.array.rows;
    const std::int64_t skew_cycles = rows - 1 + arch.array.columns - 1;
    ArrayTiming timing;
    std::int64_t total_cycles = 0;
    std::int64_t conflict_cycles = 0;
    std::int64_t streamed_cycles = 0;  ///< of the fold before, which hides this fold's load
    for_each_fold(arch, work, [&](const Fold& fold) {
        const std::int64_t load_cycles = rows * timer.row_load_cycles(fold);
        const std::int64_t stream_cycles = work.pixels * timer.pixel_cycles(fold);
        const bool hidden = arch.array.overlap_weight_load && timing.folds > 0;
        const std::int64_t exposed_load =
            hidden ? std::max<std::int64_t>(0, load_cycles - streamed_cycles) : load_cycles;
        const std::int64_t exposed_full_rate = hidden ? std::max<std::int64_t>(0, rows - streamed_cycles) : rows;
        total_cycles += exposed_load + stream_cycles + (hidden ? 0 : skew_cycles);
        conflict_cycles += exposed_load - exposed_full_rate + stream_cycles - work.pixels;
        streamed_cycles = stream_cycles;
        timer.count(fold, timing);
    });
    timing.busy_cycles = timing.folds * static_cast<std::uint64_t>(work.pixels);
    timing.bank_conflict_cycles = static_cast<std::uint64_t>(conflict_cycles);
    timing.fill_drain_cycles =
        static_cast<std::uint64_t>(total_cycles) - timing.busy_cycles - timing.bank_conflict_cycles;
    return timing;
}

}  // namespace npusim
