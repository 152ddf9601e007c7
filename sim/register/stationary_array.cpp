#include "stationary_array.h"

#include <algorithm>

namespace npusim::sim {

/// A command on its way.
struct StationaryArray::Command {
    Command(const ArchSpec& arch, const ArrayWork& array_work, const ArrayMatrices& array_matrices,
            std::vector<std::int64_t>& array_sums, bool inputs_stay)
        : work(array_work),
          matrices(array_matrices),
          sums(array_sums),
          streamed(inputs_stay ? array_work.out_channels : array_work.pixels),
          stay_bits(inputs_stay ? array_work.activation_slice_bits : array_work.weight_slice_bits),
          stream_bits(inputs_stay ? array_work.weight_slice_bits : array_work.activation_slice_bits),
          stay_port(inputs_stay ? arch.activation_buffer : arch.weight_buffer, arch.double_buffering),
          stream_port(inputs_stay ? arch.weight_buffer : arch.activation_buffer, arch.double_buffering),
          sum_port(arch.accumulator_buffer, arch.double_buffering),
          collected(static_cast<std::size_t>(arch.array.columns)) {}

    [[nodiscard]] std::int64_t& sum_at(std::int64_t group, std::int64_t pixel, std::int64_t channel) const {
        return sums[static_cast<std::size_t>((group * work.pixels + pixel) * work.out_channels + channel)];
    }
    void count_stay(bool inputs_stay) {
        (inputs_stay ? timing.activation_reads : timing.weight_reads) += stay_port.accesses_asked();
    }
    void count_vector(bool inputs_stay, bool accumulates) {
        (inputs_stay ? timing.weight_reads : timing.activation_reads) += stream_port.accesses_asked();
        const std::uint64_t sums_asked = sum_port.accesses_asked() / (accumulates ? 2 : 1);
        timing.accumulator_writes += sums_asked;
        if (accumulates) timing.accumulator_reads += sums_asked;
    }

    [[nodiscard]] std::int32_t weight(const Fold& fold, std::int64_t channel, std::int64_t k) const {
        const auto at = (fold.group * work.out_channels + channel) * work.reduction + k;
        return slice_of(matrices.weights[static_cast<std::size_t>(at)], fold.weight_slice, work.weight_slices,
                        work.weight_slice_bits);
    }
    [[nodiscard]] std::int32_t input(const Fold& fold, std::int64_t pixel, std::int64_t k) const {
        const auto at = (fold.group * work.pixels + pixel) * work.reduction + k;
        return slice_of(matrices.inputs[static_cast<std::size_t>(at)], fold.activation_slice, work.activation_slices,
                        work.activation_slice_bits);
    }
    /// Elements of K on a row of a fold.
    [[nodiscard]] std::int64_t elements_on(const Fold& fold, std::int64_t row) const {
        return std::clamp<std::int64_t>(fold.elements - row * work.lanes, 0, work.lanes);
    }
    template <typename ValueOf>
    [[nodiscard]] LaneValues values_on(const Fold& fold, std::int64_t row, const ValueOf& value_of) const {
        std::vector<std::int32_t> values(static_cast<std::size_t>(elements_on(fold, row)));
        for (std::size_t lane = 0; lane < values.size(); ++lane) {
            values[lane] = value_of(fold.k_begin + row * work.lanes + static_cast<std::int64_t>(lane));
        }
        return LaneValues(values);
    }

    const ArrayWork& work;
    const ArrayMatrices& matrices;
    std::vector<std::int64_t>& sums;
    std::int64_t streamed;  ///< vectors a fold
    int stay_bits, stream_bits;
    Port stay_port, stream_port, sum_port;
    std::vector<Fold> folds;

    std::size_t load_fold = 0;  ///< being loaded
    std::int64_t load_row = 0;
    bool is_row_asked = false;
    std::int64_t load_cycles = 0;  ///< spent on it
    std::size_t stream_fold = 0;   ///< streaming, or the next to
    std::int64_t vector = 0;
    int bit = 0;  ///< of the vector's activations
    bool is_streaming = false;
    bool is_vector_asked = false;
    struct Progress {
        std::size_t fold = 0;
        std::int64_t vector = 0;
    };
    std::vector<Progress> collected;  ///< [column]

    enum class Did { nothing, issued, waited_for_port, loaded, loaded_late };
    Did did = Did::nothing;
    ArrayTiming timing;
};

StationaryArray::StationaryArray(const sc_core::sc_module_name& name, const ArchSpec& arch, bool holds_inputs)
    : RegisterArray(name),
      arch_(arch),
      holds_inputs_(holds_inputs),
      operands_(arch.array.rows, arch.array.columns + 1),
      loads_(1, arch.array.columns),
      sums_(arch.array.rows + 1, arch.array.columns) {
    for (int r = 0; r < arch.array.rows; ++r) {
        for (int c = 0; c < arch.array.columns; ++c) {
            const std::string place = std::to_string(r) + "_" + std::to_string(c);
            pes_.push_back(std::make_unique<StationaryPe>(("pe_" + place).c_str(), r, holds_inputs));
            StationaryPe& one = *pes_.back();
            one.clock(clock_);
            one.operand_in(operands_.at(r, c));
            one.operand_out(operands_.at(r, c + 1));
            one.load_in(loads_.at(0, c));
            one.sum_in(sums_.at(r, c));
            one.sum_out(sums_.at(r + 1, c));
        }
    }
    operand_edge_ = std::make_unique<SkewedEdge<OperandFlit>>(
        "row_", arch.array.rows, clock_,
        [&](int row) -> sc_core::sc_signal<OperandFlit>& { return operands_.at(row, 0); });
    load_edge_ = std::make_unique<SkewedEdge<LoadFlit>>(
        "column_", arch.array.columns, clock_,
        [&](int column) -> sc_core::sc_signal<LoadFlit>& { return loads_.at(0, column); });
}

std::vector<StationaryArray::Fold> StationaryArray::folds_of(const ArrayWork& work) const {
    const ArraySpec& array = arch_.array;
    const std::int64_t on_columns = holds_inputs_ ? work.pixels : work.out_channels;
    const std::int64_t most_elements = std::int64_t{array.rows} * work.lanes;
    std::vector<Fold> folds;
    for (std::int64_t group = 0; group < work.groups; ++group) {
        for (std::int64_t c = 0; c < on_columns; c += array.columns) {
            for (std::int64_t k = 0; k < work.reduction; k += most_elements) {
                for (std::int64_t pass = 0; pass < work.weight_slices * work.activation_slices; ++pass) {
                    folds.push_back({group, k, c, std::min(most_elements, work.reduction - k),
                                     std::min<std::int64_t>(array.columns, on_columns - c),
                                     pass / work.activation_slices, pass % work.activation_slices,
                                     work.accumulates || k > 0 || pass > 0});
                }
            }
        }
    }
    return folds;
}

/// Row by row, from the first on, unused ones too, each in the time of the first. The next fold's operands may come
/// once the present fold's have begun to be used; without overlap, once its last sum has left.
void StationaryArray::load(Command& command) {
    for (int c = 0; c < arch_.array.columns; ++c) load_edge_->write(c, {});
    if (command.load_fold == command.folds.size()) return;
    const std::size_t begun = command.stream_fold + (command.is_streaming ? 1 : 0);
    const bool all_left = std::all_of(command.collected.begin(), command.collected.end(),
                                      [&](const auto& column) { return column.fold >= command.load_fold; });
    if (arch_.array.overlap_weight_load ? command.load_fold > begun : !all_left) return;
    const Fold& fold = command.folds[command.load_fold];
    if (!command.is_row_asked) {
        const std::int64_t lane_bits = fold.columns * command.stay_bits;
        command.stay_port.ask(lane_bits * command.elements_on(fold, command.load_row));
        command.count_stay(holds_inputs_);
        command.stay_port.ask(lane_bits * command.elements_on(fold, 0));
        command.is_row_asked = true;
    }
    ++command.load_cycles;
    command.did = command.load_cycles <= arch_.array.rows ? Command::Did::loaded : Command::Did::loaded_late;
    if (!command.stay_port.cycle()) return;
    command.is_row_asked = false;
    for (int c = 0; c < arch_.array.columns; ++c) {
        LoadFlit flit{true, static_cast<int>(command.load_row), {}};
        if (c < fold.columns) {
            flit.values = command.values_on(fold, command.load_row, [&](std::int64_t k) {
                return holds_inputs_ ? command.input(fold, fold.column_begin + c, k)
                                     : command.weight(fold, fold.column_begin + c, k);
            });
        }
        load_edge_->write(c, flit);
    }
    if (++command.load_row < arch_.array.rows) return;
    command.load_row = 0;
    command.load_cycles = 0;
    ++command.load_fold;
}

/// A vector enters when its operands have come through their port (of activations that enter bit by bit, the bits so
/// far), and its sums have room at theirs.
void StationaryArray::stream(Command& command, std::size_t loaded_before) {
    for (int r = 0; r < arch_.array.rows; ++r) operand_edge_->write(r, {});
    bool begins = false;
    if (!command.is_streaming) {
        if (command.stream_fold == command.folds.size() || command.stream_fold >= loaded_before) return;
        command.is_streaming = begins = true;
        command.vector = 0;
    }
    const Fold& fold = command.folds[command.stream_fold];
    if (!command.is_vector_asked) {
        command.stream_port.ask(fold.elements * command.stream_bits);
        command.sum_port.ask(fold.columns * arch_.array.accumulator_bits, fold.accumulates ? 2 : 1);
        command.count_vector(holds_inputs_, fold.accumulates);
        command.is_vector_asked = true;
        command.bit = 0;
    }
    const int bits = command.work.cycles_per_step;
    const bool all_there = command.stream_port.cycle();
    const bool room_for_sums = command.sum_port.cycle();
    const std::int64_t bits_needed = fold.elements * command.stream_bits * (command.bit + 1) / bits;
    const bool operands_there = holds_inputs_ ? all_there : command.stream_port.has_moved(bits_needed);
    const bool is_last_bit = command.bit + 1 == bits;
    const bool enters = operands_there && (room_for_sums || !is_last_bit);
    command.did = enters ? Command::Did::issued : Command::Did::waited_for_port;
    for (int r = 0; r < arch_.array.rows; ++r) {
        OperandFlit flit{enters, begins, false, command.bit, bits, {}, 0};
        if (enters) {
            flit.values = command.values_on(fold, r, [&](std::int64_t k) {
                return holds_inputs_ ? command.weight(fold, command.vector, k)
                                     : bit_of(command.input(fold, command.vector, k), command.bit, bits);
            });
        }
        operand_edge_->write(r, flit);
    }
    if (!enters || ++command.bit < bits) return;
    command.is_vector_asked = false;
    if (++command.vector < command.streamed) return;
    command.is_streaming = false;
    ++command.stream_fold;
}

/// Takes what has come out of the columns' last PEs.
void StationaryArray::collect(Command& command) {
    for (int c = 0; c < arch_.array.columns; ++c) {
        const SumFlit& sum = sums_.at(arch_.array.rows, c).read();
        if (!sum.valid) continue;
        auto& place = command.collected[static_cast<std::size_t>(c)];
        const Fold& fold = command.folds[place.fold];
        if (c < fold.columns) {
            const std::int64_t column = fold.column_begin + c;
            const std::int64_t pixel = holds_inputs_ ? column : place.vector;
            const std::int64_t channel = holds_inputs_ ? place.vector : column;
            const auto shift = fold.weight_slice * command.work.weight_slice_bits +
                               fold.activation_slice * command.work.activation_slice_bits;
            command.sum_at(fold.group, pixel, channel) += sum.value * (std::int64_t{1} << shift);
        }
        if (++place.vector < command.streamed) continue;
        place.vector = 0;
        ++place.fold;
    }
}

void StationaryArray::account(Command& command) {
    switch (command.did) {
        case Command::Did::issued:
            ++command.timing.busy_cycles;
            break;
        case Command::Did::waited_for_port:
        case Command::Did::loaded_late:
            ++command.timing.bank_conflict_cycles;
            break;
        case Command::Did::loaded:
        case Command::Did::nothing:
            ++command.timing.fill_drain_cycles;
            break;
    }
    command.did = Command::Did::nothing;
}

ArrayTiming StationaryArray::run(const ArrayWork& work, const ArrayMatrices& matrices,
                                 std::vector<std::int64_t>& sums) {
    Command command(arch_, work, matrices, sums, holds_inputs_);
    command.folds = folds_of(work);
    const auto count = [&](auto member) {
        std::uint64_t total = 0;
        for (const auto& pe : pes_) total += (*pe).*member;
        return total;
    };
    const std::uint64_t operations_before = count(&StationaryPe::operations);
    const std::uint64_t steps_before = count(&StationaryPe::steps);
    const std::uint64_t loads_before = count(&StationaryPe::loads);
    const auto is_done = [&] {
        return std::all_of(command.collected.begin(), command.collected.end(),
                           [&](const auto& column) { return column.fold == command.folds.size(); });
    };
    while (!is_done()) {
        const std::size_t loaded_before = command.load_fold;
        // Whether a fold streams decides whether the next one loads, and that it has streamed what a cycle did.
        stream(command, loaded_before);
        const Command::Did streamed = command.did;
        load(command);
        if (streamed != Command::Did::nothing) command.did = streamed;
        clock_once();
        collect(command);
        account(command);
    }
    command.timing.folds = command.folds.size();
    command.timing.pe_operations = count(&StationaryPe::operations) - operations_before;
    command.timing.pe_steps = count(&StationaryPe::steps) - steps_before;
    command.timing.pe_weight_loads = count(&StationaryPe::loads) - loads_before;
    return command.timing;
}

}  // namespace npusim::sim
