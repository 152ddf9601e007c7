// Output stationary: pixels on the rows, N on the columns, K streams (all slice passes of it in turn, as many elements
// in a step as a PE has lanes), sums stay in the PEs. PE (r, c) is done r + c cycles after PE (0, 0), and each column
// reads its PEs over one bus, a sum a cycle, as they get done: R + C + K − 2 cycles alone (as SCALE-Sim counts it).
// With overlap a second register holds the finished sums, so that the next fold's operands follow the last ones of this
// fold without a gap.
#include <algorithm>

#include "dataflow_policies.h"
#include "npusim/base/integer_math.h"
#include "stationary_folds.h"

namespace npusim {
namespace {

struct Fold {
    std::int64_t rows = 0;  ///< used
    std::int64_t columns = 0;
};

/// A fold's sums on their way out. The bus passes all rows, used or not, a cycle apart; a slower port is late by the
/// rest of each that is used.
struct Drain {
    std::int64_t rows = 0;
    std::int64_t cycles = 0;
    [[nodiscard]] std::int64_t late_cycles() const { return cycles - rows; }
};

class FoldTimer {
public:
    FoldTimer(const ArchSpec& arch, const ArrayWork& work) : arch_(arch), work_(work) {}

    /// Operands that enter one after another: the reduction, as many elements at once as a PE has lanes, once for each
    /// pair of slices.
    [[nodiscard]] std::int64_t steps() const { return passes() * ceil_div<std::int64_t>(work_.reduction, work_.lanes); }
    /// Cycles to take all steps in, without narrow ports; and with.
    [[nodiscard]] std::int64_t full_rate_cycles() const { return steps() * work_.cycles_per_step; }
    [[nodiscard]] std::int64_t stream_cycles(const Fold& fold) const {
        const std::int64_t full = work_.reduction / work_.lanes * step_cycles(fold, work_.lanes);
        const std::int64_t rest = work_.reduction % work_.lanes;
        return passes() * (rest > 0 ? full + step_cycles(fold, rest) : full);
    }
    /// Cycles to write (and, where they add to earlier ones, first read) a row of sums.
    [[nodiscard]] std::int64_t row_cycles(const Fold& fold) const {
        return port_cycles(sum_accesses(fold) * (work_.accumulates ? 2 : 1), arch_.accumulator_buffer,
                           arch_.double_buffering);
    }

    void count(const Fold& fold, ArrayTiming& timing) const {
        const auto passes = static_cast<std::uint64_t>(this->passes());
        const auto pes = static_cast<std::uint64_t>(fold.rows * fold.columns);
        const std::uint64_t operands = passes * static_cast<std::uint64_t>(work_.reduction) * pes;
        timing.folds += 1;
        timing.pe_operations += operands;
        timing.pe_steps += static_cast<std::uint64_t>(full_rate_cycles()) * pes;
        timing.pe_weight_loads += operands;  // weights move on every step
        const std::int64_t full = work_.reduction / work_.lanes;
        const std::int64_t rest = work_.reduction % work_.lanes;
        timing.weight_reads += passes * static_cast<std::uint64_t>(full * weight_accesses(fold, work_.lanes) +
                                                                   weight_accesses(fold, rest));
        timing.activation_reads += passes * static_cast<std::uint64_t>(full * activation_accesses(fold, work_.lanes) +
                                                                       activation_accesses(fold, rest));
        const auto sums = static_cast<std::uint64_t>(fold.rows * sum_accesses(fold));
        timing.accumulator_writes += sums;
        if (work_.accumulates) timing.accumulator_reads += sums;
    }

private:
    [[nodiscard]] std::int64_t passes() const { return work_.weight_slices * work_.activation_slices; }
    /// Of a step of so many elements: a column of activations and a row of weights must come through their ports.
    [[nodiscard]] std::int64_t step_cycles(const Fold& fold, std::int64_t elements) const {
        const FoldOperand weights{work_.weight_slice_bits, &arch_.weight_buffer};
        const FoldOperand activations{work_.activation_slice_bits, &arch_.activation_buffer, true};
        const auto cycles_of = [&](const FoldOperand& operand, std::int64_t accesses) {
            return entry_cycles(operand, port_cycles(accesses, *operand.buffer, arch_.double_buffering),
                                work_.cycles_per_step);
        };
        return std::max(cycles_of(weights, weight_accesses(fold, elements)),
                        cycles_of(activations, activation_accesses(fold, elements)));
    }
    [[nodiscard]] std::int64_t weight_accesses(const Fold& fold, std::int64_t elements) const {
        return port_accesses(fold.columns * elements * work_.weight_slice_bits, arch_.weight_buffer.width_bits);
    }
    [[nodiscard]] std::int64_t activation_accesses(const Fold& fold, std::int64_t elements) const {
        return port_accesses(fold.rows * elements * work_.activation_slice_bits, arch_.activation_buffer.width_bits);
    }
    [[nodiscard]] std::int64_t sum_accesses(const Fold& fold) const {
        return port_accesses(fold.columns * arch_.array.accumulator_bits, arch_.accumulator_buffer.width_bits);
    }

    const ArchSpec& arch_;
    const ArrayWork& work_;
};

/// Visits the folds in order: output channels outside, then pixels.
template <typename Visit>
void for_each_fold(const ArraySpec& array, const ArrayWork& work, const Visit& visit) {
    for (std::int64_t group = 0; group < work.groups; ++group) {
        for (std::int64_t n = 0; n < work.out_channels; n += array.columns) {
            for (std::int64_t m = 0; m < work.pixels; m += array.rows) {
                visit(Fold{std::min<std::int64_t>(array.rows, work.pixels - m),
                           std::min<std::int64_t>(array.columns, work.out_channels - n)});
            }
        }
    }
}

}  // namespace

ArrayTiming OutputStationary::time(const ArchSpec& arch, const ArrayWork& work) const {
    const FoldTimer timer(arch, work);
    const std::int64_t skew_cycles = arch.array.rows - 1 + arch.array.columns - 1;
    ArrayTiming timing;
    std::int64_t total_cycles = 0;
    std::int64_t conflict_cycles = 0;
    Drain before;
    for_each_fold(arch.array, work, [&](const Fold& fold) {
        const std::int64_t stream_cycles = timer.stream_cycles(fold);
        const Drain drain{arch.array.rows, arch.array.rows + fold.rows * (timer.row_cycles(fold) - 1)};
        conflict_cycles += stream_cycles - timer.full_rate_cycles();
        total_cycles += stream_cycles;
        if (arch.array.overlap_weight_load) {
            // Finished sums move to the second register when those of the fold before have left it.
            const std::int64_t wait_cycles = std::max<std::int64_t>(0, before.cycles - stream_cycles);
            const std::int64_t full_rate_wait_cycles = std::max<std::int64_t>(0, before.rows - stream_cycles);
            total_cycles += wait_cycles;
            conflict_cycles += wait_cycles - full_rate_wait_cycles;
        } else {
            total_cycles += skew_cycles + drain.late_cycles();
            conflict_cycles += drain.late_cycles();
        }
        before = drain;
        timer.count(fold, timing);
    });
    if (arch.array.overlap_weight_load) {
        total_cycles += skew_cycles + before.late_cycles();
        conflict_cycles += before.late_cycles();
    }
    timing.busy_cycles = timing.folds * static_cast<std::uint64_t>(timer.full_rate_cycles());
    timing.bank_conflict_cycles = static_cast<std::uint64_t>(conflict_cycles);
    timing.fill_drain_cycles =
        static_cast<std::uint64_t>(total_cycles) - timing.busy_cycles - timing.bank_conflict_cycles;
    return timing;
}

std::int64_t OutputStationary::estimate_cycles(const ArraySpec& array, const ArrayWork& work) const {
    return work.groups * ceil_div<std::int64_t>(work.out_channels, array.columns) *
           ceil_div<std::int64_t>(work.pixels, array.rows) *
           std::max<std::int64_t>(ceil_div<std::int64_t>(work.reduction, work.lanes) * work.weight_slices *
                                      work.activation_slices * work.cycles_per_step,
                                  array.rows);
}

}  // namespace npusim
