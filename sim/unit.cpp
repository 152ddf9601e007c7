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
    while (queue_.empty()) sc_core::wait(pushed_event_);
    const Command* command = queue_.front();
    queue_.pop_front();
    return *command;
}

void Unit::take_tokens(const Command& command) {
    account_idle(IdleCause::nothing);
    for (const Token token : command.waits) {
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
    cycles_.idle_cycles[static_cast<std::size_t>(cause)] += now - accounted_until_;
    accounted_until_ = now;
}

void Unit::pass(std::uint64_t busy, std::uint64_t fill_drain, std::uint64_t bank_conflict) {
    const std::uint64_t total = busy + fill_drain + bank_conflict;
    sc_core::wait(cycles_to_time(total));
    cycles_.busy_cycles += busy;
    cycles_.idle_cycles[static_cast<std::size_t>(IdleCause::fill_drain)] += fill_drain;
    cycles_.idle_cycles[static_cast<std::size_t>(IdleCause::bank_conflict)] += bank_conflict;
    accounted_until_ += total;
}

}  // namespace npusim::sim
