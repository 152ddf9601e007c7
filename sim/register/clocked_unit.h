// What the units of the machine share at register level: commands, tokens, and an entry for each cycle. Nothing here
// is taken from the units of the transaction level, which are held against these.
#pragma once

#include <optional>
#include <vector>

#include "../current_layer.h"
#include "../unit_signals.h"
#include "npusim/sim/port_arbiter.h"
#include "npusim/sim/timeline.h"

namespace npusim::sim {

/// How many there are of each token.
using TokenCounts = std::array<int, kTokens>;

class ClockedUnit {
public:
    ClockedUnit(MachineUnit unit, const ArchSpec& arch, TokenCounts& tokens)
        : unit_(unit), arch_(arch), tokens_(tokens) {}
    virtual ~ClockedUnit() = default;
    ClockedUnit(const ClockedUnit&) = delete;
    ClockedUnit& operator=(const ClockedUnit&) = delete;

    virtual void begin_layer(CurrentLayer& layer, std::uint64_t now_cycles);
    /// The account of the layer; nothing may be under way.
    [[nodiscard]] virtual UnitCycles end_layer() { return cycles_; }

    /// At the edge of a cycle: ends what is through, and gives its tokens.
    virtual void finish(std::uint64_t now_cycles) = 0;
    /// At its turn in the cycle: takes tokens and begins what it can; whether it did anything.
    [[nodiscard]] virtual bool act(std::uint64_t now_cycles) = 0;
    /// The cycle, behind all turns: works, or enters why it does not.
    virtual void cycle(std::uint64_t now_cycles) = 0;
    /// Is anything under way that ends by itself?
    [[nodiscard]] virtual bool is_moving() const = 0;
    [[nodiscard]] bool is_done() const { return finished_ == commands_.size(); }

    void keep_spans() { keeps_spans_ = true; }
    [[nodiscard]] std::vector<UnitSpan> take_spans() { return std::exchange(spans_, {}); }
    void trace(sc_core::sc_trace_file* file) const { signals_.trace(file, std::string(name_of(unit_))); }

protected:
    /// The command at the head of the queue; null where none is left.
    [[nodiscard]] const Command* head() const { return next_ < commands_.size() ? commands_[next_] : nullptr; }
    [[nodiscard]] bool has_tokens() const { return head() != nullptr && taken_ == head()->waits.size(); }
    /// Takes what is there of the head's tokens, in their order; whether it took any.
    bool take_tokens();
    /// The head leaves the queue.
    const Command& start_head();
    void finish_command(const Command& command);
    /// Why it waits with the head.
    [[nodiscard]] IdleCause waits_for() const;
    /// Enters a cycle in which it waits.
    void wait_cycle(std::uint64_t now_cycles);
    void add_span(std::uint64_t begin_cycles, std::uint64_t cycles, std::optional<IdleCause> idle,
                  const Command* command);

    const MachineUnit unit_;
    const ArchSpec& arch_;
    CurrentLayer* layer_ = nullptr;
    UnitCycles cycles_;
    UnitSignals signals_;
    std::vector<UnitSpan> spans_;
    bool keeps_spans_ = false;

private:
    TokenCounts& tokens_;
    std::vector<const Command*> commands_;  ///< of the layer, its own
    std::size_t next_ = 0, finished_ = 0;
    std::size_t taken_ = 0;         ///< of the head's tokens
    std::size_t waited_token_ = 0;  ///< in the last cycle that it waited
};

}  // namespace npusim::sim
