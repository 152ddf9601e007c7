#include "output_array.h"

#include <algorithm>
#include <deque>

namespace npusim::sim {

/// A command on its way.
struct OutputArray::Command {
    Command(const ArchSpec& arch, const ArrayWork& array_work, const ArrayMatrices& array_matrices,
            std::vector<std::int64_t>& array_sums)
        : work(array_work),
          matrices(array_matrices),
          sums(array_sums),
          steps_of_pass(ceil_div<std::int64_t>(array_work.reduction, array_work.lanes)),
          steps(steps_of_pass * array_work.weight_slices * array_work.activation_slices),
          weight_port(arch.weight_buffer, arch.double_buffering),
          activation_port(arch.activation_buffer, arch.double_buffering),
          sum_port(arch.accumulator_buffer, arch.double_buffering) {}

    [[nodiscard]] std::int64_t k() const { return step % steps_of_pass * work.lanes; }
    [[nodiscard]] std::int64_t elements() const { return std::min<std::int64_t>(work.lanes, work.reduction - k()); }
    [[nodiscard]] std::int64_t weight_slice() const { return step / steps_of_pass / work.activation_slices; }
    [[nodiscard]] std::int64_t activation_slice() const { return step / steps_of_pass % work.activation_slices; }
    [[nodiscard]] bool is_last_bit() const { return bit + 1 == work.cycles_per_step; }

    /// Of the present step: what a row takes (of activations that enter bit by bit, one bit), and a column.
    [[nodiscard]] LaneValues activations(const Fold& fold, int row) const {
        const auto at = (fold.group * work.pixels + fold.pixel_begin + row) * work.reduction + k();
        return values(matrices.inputs, at, [&](std::int32_t value) {
            const std::int32_t slice =
                slice_of(value, activation_slice(), work.activation_slices, work.activation_slice_bits);
            return bit_of(slice, bit, work.cycles_per_step);
        });
    }
    [[nodiscard]] LaneValues weights(const Fold& fold, int column) const {
        const auto at = (fold.group * work.out_channels + fold.channel_begin + column) * work.reduction + k();
        return values(matrices.weights, at, [&](std::int32_t value) {
            return slice_of(value, weight_slice(), work.weight_slices, work.weight_slice_bits);
        });
    }
    template <typename PartOf>
    [[nodiscard]] LaneValues values(const std::vector<std::int32_t>& matrix, std::int64_t at,
                                    const PartOf& part_of) const {
        std::vector<std::int32_t> lanes(static_cast<std::size_t>(elements()));
        for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
            lanes[lane] = part_of(matrix[static_cast<std::size_t>(at) + lane]);
        }
        return LaneValues(lanes);
    }

    const ArrayWork& work;
    const ArrayMatrices& matrices;
    std::vector<std::int64_t>& sums;
    std::int64_t steps_of_pass;  ///< of each pair of slices
    std::int64_t steps;          ///< a fold
    Port weight_port, activation_port, sum_port;
    std::vector<Fold> folds;

    std::size_t stream_fold = 0;
    std::int64_t step = 0;
    int bit = 0;  ///< of the step's activations
    bool is_step_asked = false;

    /// The bus reads a row in the first column, and a cycle later in each next one.
    struct Read {
        std::size_t fold = 0;
        int row = 0;
        int column = 0;
    };
    std::size_t drain_fold = 0;
    int drain_row = 0;
    bool is_row_asked = false;
    std::deque<Read> reads;
    std::size_t left_folds = 0;  ///< whose last sum has left

    enum class Did { nothing, entered, waited_for_port, waited_for_drain, waited_for_slow_drain };
    Did did = Did::nothing;
    std::int64_t drain_cycles = 0;  ///< spent on the fold that drains
    std::int64_t row_cycles = 0;    ///< on the row that drains
    bool is_drain_late = false;     ///< that row has had its cycle
    ArrayTiming timing;
};

OutputArray::OutputArray(const sc_core::sc_module_name& name, const ArchSpec& arch)
    : RegisterArray(name),
      arch_(arch),
      activations_(arch.array.rows, arch.array.columns + 1),
      weights_(arch.array.rows + 1, arch.array.columns) {
    for (int r = 0; r < arch.array.rows; ++r) {
        for (int c = 0; c < arch.array.columns; ++c) {
            const std::string place = std::to_string(r) + "_" + std::to_string(c);
            pes_.push_back(std::make_unique<OutputPe>(("pe_" + place).c_str()));
            OutputPe& one = *pes_.back();
            one.clock(clock_);
            one.activation_in(activations_.at(r, c));
            one.activation_out(activations_.at(r, c + 1));
            one.weight_in(weights_.at(r, c));
            one.weight_out(weights_.at(r + 1, c));
        }
    }
    row_edge_ = std::make_unique<SkewedEdge<OperandFlit>>(
        "row_", arch.array.rows, clock_,
        [&](int row) -> sc_core::sc_signal<OperandFlit>& { return activations_.at(row, 0); });
    column_edge_ = std::make_unique<SkewedEdge<OperandFlit>>(
        "column_", arch.array.columns, clock_,
        [&](int column) -> sc_core::sc_signal<OperandFlit>& { return weights_.at(0, column); });
}

std::vector<OutputArray::Fold> OutputArray::folds_of(const ArrayWork& work) const {
    const ArraySpec& array = arch_.array;
    std::vector<Fold> folds;
    for (std::int64_t group = 0; group < work.groups; ++group) {
        for (std::int64_t n = 0; n < work.out_channels; n += array.columns) {
            for (std::int64_t m = 0; m < work.pixels; m += array.rows) {
                folds.push_back({group, m, n, std::min<std::int64_t>(array.rows, work.pixels - m),
                                 std::min<std::int64_t>(array.columns, work.out_channels - n)});
            }
        }
    }
    return folds;
}

/// Puts a step at the edges: each row's activation, each column's weight. The last step of a fold is known to all PEs,
/// used or not.
void OutputArray::write_step(const Command& command, const Fold& fold, bool enters) {
    const ArrayWork& work = command.work;
    const bool last = enters && command.step + 1 == command.steps && command.is_last_bit();
    const int shift = static_cast<int>(command.weight_slice() * work.weight_slice_bits +
                                       command.activation_slice() * work.activation_slice_bits);
    for (int r = 0; r < arch_.array.rows; ++r) {
        OperandFlit flit{enters && r < fold.rows, false, last, command.bit, work.cycles_per_step, {}, shift};
        if (flit.valid) flit.values = command.activations(fold, r);
        row_edge_->write(r, flit);
    }
    for (int c = 0; c < arch_.array.columns; ++c) {
        OperandFlit flit{enters && c < fold.columns, false, false, command.bit, work.cycles_per_step, {}, 0};
        if (flit.valid) flit.values = command.weights(fold, c);
        column_edge_->write(c, flit);
    }
}

/// A step enters when its operands have come through their ports (of activations that enter bit by bit, the bits so
/// far). Without overlap a fold begins when the one before has
/// left; with it, its last step waits until the sums before it have gone through their port.
void OutputArray::stream(Command& command) {
    const bool overlaps = arch_.array.overlap_weight_load;
    const bool is_over = command.stream_fold == command.folds.size();
    const bool must_wait = !is_over && !overlaps && command.left_folds < command.stream_fold;
    if (is_over || must_wait) {
        write_step(command, {}, false);
        return;
    }
    const Fold& fold = command.folds[command.stream_fold];
    if (!command.is_step_asked) {
        command.weight_port.ask(fold.columns * command.elements() * command.work.weight_slice_bits);
        command.activation_port.ask(fold.rows * command.elements() * command.work.activation_slice_bits);
        command.timing.weight_reads += command.weight_port.accesses_asked();
        command.timing.activation_reads += command.activation_port.accesses_asked();
        command.is_step_asked = true;
        command.bit = 0;
    }
    const bool weights_there = command.weight_port.cycle();
    (void)command.activation_port.cycle();
    const std::int64_t step_bits = fold.rows * command.elements() * command.work.activation_slice_bits;
    const bool activations_there =
        command.activation_port.has_moved(step_bits * (command.bit + 1) / command.work.cycles_per_step);
    const bool there = weights_there && activations_there;
    const bool is_last = command.step + 1 == command.steps && command.is_last_bit();
    const bool drains = overlaps && command.drain_fold < command.stream_fold;
    const bool enters = there && !(is_last && drains);
    write_step(command, fold, enters);
    if (!enters) {
        command.did = !there                                    ? Command::Did::waited_for_port
                      : command.drain_cycles < arch_.array.rows ? Command::Did::waited_for_drain
                                                                : Command::Did::waited_for_slow_drain;
        return;
    }
    command.did = Command::Did::entered;
    if (++command.bit < command.work.cycles_per_step) return;
    command.is_step_asked = false;
    if (++command.step < command.steps) return;
    command.step = 0;
    ++command.stream_fold;
}

/// Behind the clock's edge: the sums' port takes finished rows in turn; the bus carries them on.
void OutputArray::drain(Command& command) {
    for (auto& read : command.reads) ++read.column;
    command.is_drain_late = false;
    if (command.drain_fold < command.folds.size() && (command.is_row_asked || pe(command.drain_row, 0).is_finished)) {
        const Fold& fold = command.folds[command.drain_fold];
        const bool is_used = command.drain_row < fold.rows;
        if (!command.is_row_asked) {
            command.sum_port.ask(is_used ? fold.columns * arch_.array.accumulator_bits : 0,
                                 command.work.accumulates ? 2 : 1);
            const std::uint64_t asked = command.sum_port.accesses_asked() / (command.work.accumulates ? 2 : 1);
            command.timing.accumulator_writes += asked;
            if (command.work.accumulates) command.timing.accumulator_reads += asked;
            command.is_row_asked = true;
        }
        ++command.drain_cycles;
        command.is_drain_late = ++command.row_cycles > 1;
        if (command.sum_port.cycle()) {
            command.row_cycles = 0;
            command.reads.push_back({command.drain_fold, command.drain_row, 0});
            command.is_row_asked = false;
            if (++command.drain_row == arch_.array.rows) {
                command.drain_row = 0;
                command.drain_cycles = 0;
                ++command.drain_fold;
            }
        }
    }
    while (!command.reads.empty() && command.reads.front().column >= arch_.array.columns) command.reads.pop_front();
    for (const auto& read : command.reads) {
        OutputPe& from = pe(read.row, read.column);
        if (!from.is_finished) throw std::logic_error("a column's bus reads a sum that is not finished");
        from.is_finished = false;
        const Fold& fold = command.folds[read.fold];
        if (read.row < fold.rows && read.column < fold.columns) {
            const ArrayWork& work = command.work;
            const auto at = (fold.group * work.pixels + fold.pixel_begin + read.row) * work.out_channels +
                            fold.channel_begin + read.column;
            command.sums[static_cast<std::size_t>(at)] += from.finished_sum;
        }
        const bool is_last = read.row + 1 == arch_.array.rows && read.column + 1 == arch_.array.columns;
        if (is_last) command.left_folds = read.fold + 1;
    }
}

ArrayTiming OutputArray::run(const ArrayWork& work, const ArrayMatrices& matrices, std::vector<std::int64_t>& sums) {
    Command command(arch_, work, matrices, sums);
    command.folds = folds_of(work);
    const auto count = [&](auto member) {
        std::uint64_t total = 0;
        for (const auto& one : pes_) total += (*one).*member;
        return total;
    };
    const std::uint64_t operations_before = count(&OutputPe::operations);
    const std::uint64_t steps_before = count(&OutputPe::steps);
    while (command.left_folds < command.folds.size()) {
        command.did = Command::Did::nothing;
        stream(command);
        clock_once();
        drain(command);
        if (command.did == Command::Did::entered) {
            ++command.timing.busy_cycles;
        } else if (command.did == Command::Did::waited_for_port || command.did == Command::Did::waited_for_slow_drain ||
                   (command.did == Command::Did::nothing && command.is_drain_late)) {
            ++command.timing.bank_conflict_cycles;
        } else {
            ++command.timing.fill_drain_cycles;
        }
    }
    command.timing.folds = command.folds.size();
    command.timing.pe_operations = count(&OutputPe::operations) - operations_before;
    command.timing.pe_steps = count(&OutputPe::steps) - steps_before;
    command.timing.pe_weight_loads = command.timing.pe_operations;
    return command.timing;
}

}  // namespace npusim::sim
