// What all units of the machine share: a queue of commands, tokens, and an account of every cycle.
#pragma once

#include <deque>
#include <optional>
#include <systemc>
#include <utility>

#include "current_layer.h"
#include "cycles.h"
#include "npusim/arch/arch_spec.h"
#include "npusim/arch/counters.h"
#include "npusim/sim/timeline.h"
#include "token_bank.h"
#include "unit_signals.h"

namespace npusim::sim {

/// Who asks first for what is shared, in one cycle.
enum class Turn { array = 1, vector_unit, load, store };

class Unit : public sc_core::sc_module {
public:
    Unit(const sc_core::sc_module_name& name, const ArchSpec& arch, TokenBank& tokens);

    /// Starts a layer: an empty queue, no cycle accounted for.
    virtual void begin_layer(CurrentLayer& layer);
    void push(const Command& command);
    /// Has every pushed command ended?
    [[nodiscard]] bool is_done() const { return completed_ == pushed_; }
    [[nodiscard]] const sc_core::sc_event& command_done() const { return command_done_; }
    /// Closes the account at the present cycle.
    [[nodiscard]] virtual UnitCycles end_layer();

    /// Keeps what it does from now on as spans; without, nothing is kept.
    void keep_spans() { keeps_spans_ = true; }
    /// Those of the layer that has ended.
    [[nodiscard]] std::vector<UnitSpan> take_spans() { return std::exchange(spans_, {}); }
    /// Its signals, below its name.
    void trace(sc_core::sc_trace_file* file) const override;

protected:
    /// Takes a command's work through; the tokens are taken before and given after.
    virtual void execute(const Command& command) = 0;
    /// The loop of the unit's thread process.
    virtual void run();

    /// Waits for its turn in the present cycle, so that requests of one cycle have a fixed order, however the kernel
    /// orders what happens at the same time: a turn lies behind all that happens at the cycle's edge.
    static void await_turn(Turn turn);
    [[nodiscard]] const Command& next_command();
    void take_tokens(const Command& command);
    void give_tokens(const Command& command);
    /// Cycles since the last account were idle for `cause`.
    virtual void account_idle(IdleCause cause);
    /// The sum of the three passes: cycles that are busy, and that are idle for the two causes.
    void pass(std::uint64_t busy, std::uint64_t fill_drain, std::uint64_t bank_conflict);
    /// A span of the present command, where spans are kept and it has a length.
    void note_span(std::uint64_t begin_cycles, std::uint64_t end_cycles, std::optional<IdleCause> idle);
    [[nodiscard]] bool keeps_spans() const { return keeps_spans_; }
    /// From now on it waits for `cause`.
    virtual void show_waiting(IdleCause cause) { show(nullptr, cause); }
    /// From now on it works at `working`, or waits for `cause`.
    void show(const Command* working, IdleCause cause);

    const ArchSpec& arch_;
    TokenBank& tokens_;
    CurrentLayer* layer_ = nullptr;
    UnitCycles cycles_;
    std::uint64_t accounted_until_ = 0;
    std::vector<UnitSpan> spans_;

private:
    std::deque<const Command*> queue_;
    sc_core::sc_event pushed_event_;
    sc_core::sc_event command_done_;
    std::uint64_t pushed_ = 0;
    std::uint64_t completed_ = 0;
    UnitSignals signals_;
    const Command* present_ = nullptr;  ///< waited for or worked at
    bool keeps_spans_ = false;
};

}  // namespace npusim::sim
