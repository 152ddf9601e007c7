#include "unit.h"

namespace npusim::sim {
namespace {

/// What a unit lacks while it waits for a token.
IdleCause cause_of(Token token) {
    switch (token) {
        case Token::weights_ready:
            return IdleCause::weights;
        case Token::inputs_ready:
        case Token::operand_ready:
            return IdleCause::activations;
        case Token::accumulator_ready:
            return IdleCause::array;
        case Token::accumulator_free:
            return IdleCause::accumulator;
        case Token::output_ready:
            return IdleCause::vector_unit;
        case Token::weights_free:
        case Token::inputs_free:
        case Token::operand_free:
        case Token::output_free:
            return IdleCause::buffer;
    }
    return IdleCause::nothing;
}

}  // namespace

Unit::Unit(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens)
    : sc_module(name), arch_(arch), tokens_(tokens) {
    SC_HAS_PROCESS(Unit);
    SC_THREAD(run);
}

void Unit::begin_layer(CurrentLayer& layer) {
    layer_ = &layer;
    cycles_ = {};
    accounted_until_ = now_cycles();
    pushed_ = 0;
    completed_ = 0;
}

void Unit::push(const Command& command) {
    queue_.push_back(&command);
    ++pushed_;
    pushed_event_.notify(sc_core::SC_ZERO_TIME);
}

UnitCycles Unit::end_layer() {
    account_idle(IdleCause::nothing);
    return cycles_;
}

void Unit::run() {
    while (true) {
        const Command& command = next_command();
        take_tokens(command);
        execute(command);
        give_tokens(command);
    }
}

const Command& Unit::next_command() {
    present_ = nullptr;
    show_waiting(IdleCause::nothing);
    while (queue_.empty()) sc_core::wait(pushed_event_);
    const Command* command = queue_.front();
    queue_.pop_front();
    return *command;
}

void Unit::take_tokens(const Command& command) {
    account_idle(IdleCause::nothing);
    present_ = &command;
    for (const Token token : command.waits) {
        show_waiting(cause_of(token));
        tokens_.take(token);
        account_idle(cause_of(token));
    }
}

void Unit::give_tokens(const Command& command) {
    for (const Token token : command.posts) tokens_.give(token);
    ++completed_;
    command_done_.notify(sc_core::SC_ZERO_TIME);
}

void Unit::account_idle(IdleCause cause) {
    const std::uint64_t now = now_cycles();
    note_span(accounted_until_, now, cause);
    cycles_.idle_cycles[static_cast<std::size_t>(cause)] += now - accounted_until_;
    accounted_until_ = now;
}

void Unit::await_turn(Turn turn) {
    constexpr double turn_ps = 100;  // that of waveforms; all turns are over before half a cycle is
    const sc_core::sc_time time =
        cycles_to_time(now_cycles()) + sc_core::sc_time(turn_ps * static_cast<int>(turn), sc_core::SC_PS);
    if (sc_core::sc_time_stamp() < time) sc_core::wait(time - sc_core::sc_time_stamp());
}

void Unit::pass(std::uint64_t busy, std::uint64_t fill_drain, std::uint64_t bank_conflict) {
    show(present_, IdleCause::nothing);
    const sc_core::sc_time edge = cycles_to_time(now_cycles() + busy + fill_drain + bank_conflict);
    // Work may begin within a cycle, at its turn. Times have no sign: a negative one would take the kernel back.
    if (sc_core::sc_time_stamp() < edge) sc_core::wait(edge - sc_core::sc_time_stamp());
    cycles_.busy_cycles += busy;
    cycles_.idle_cycles[static_cast<std::size_t>(IdleCause::fill_drain)] += fill_drain;
    cycles_.idle_cycles[static_cast<std::size_t>(IdleCause::bank_conflict)] += bank_conflict;
    const std::uint64_t filled = accounted_until_ + fill_drain;
    note_span(accounted_until_, filled, IdleCause::fill_drain);
    note_span(filled, filled + busy, std::nullopt);
    note_span(filled + busy, filled + busy + bank_conflict, IdleCause::bank_conflict);
    accounted_until_ = filled + busy + bank_conflict;
}

void Unit::show(const Command* working, IdleCause cause) {
    signals_.show(layer_, working != nullptr ? working : present_, working != nullptr, cause);
}

void Unit::trace(sc_core::sc_trace_file* file) const {
    signals_.trace(file, basename());
}

void Unit::note_span(std::uint64_t begin_cycles, std::uint64_t end_cycles, std::optional<IdleCause> idle) {
    if (!keeps_spans_ || begin_cycles == end_cycles) return;
    spans_.push_back({begin_cycles, end_cycles, idle, present_});
}

}  // namespace npusim::sim
