// What a waveform shows of a unit and of the tokens: the same at both levels of detail.
#pragma once

#include <array>
#include <string>

#include "current_layer.h"
#include "waveform.h"

namespace npusim::sim {

/// States of one unit. Its address must not change once it is traced.
struct UnitSignals {
    bool works = false;
    unsigned idle_cause = static_cast<unsigned>(IdleCause::nothing);  ///< kNoCause while it works
    unsigned command = kNoNumber;  ///< in the layer's program: worked at or waited for

    /// From now on the unit works at a command, or waits with it (or with none) for `cause`.
    void show(const CurrentLayer* layer, const Command* at, bool is_working, IdleCause cause) {
        works = is_working;
        idle_cause = is_working ? kNoCause : static_cast<unsigned>(cause);
        command = at != nullptr ? static_cast<unsigned>(at - layer->commands->data()) : kNoNumber;
    }
    void trace(sc_core::sc_trace_file* file, const std::string& unit) const {
        constexpr int cause_bits = 4;
        sc_core::sc_trace(file, works, unit + ".works");
        sc_core::sc_trace(file, idle_cause, unit + ".idle_cause", cause_bits);
        sc_core::sc_trace(file, command, unit + ".command");
    }
};

/// In the order of Token.
constexpr std::array<const char*, kTokens> kTokenSignals{
    "tokens.weights_ready", "tokens.weights_free", "tokens.inputs_ready",      "tokens.inputs_free",
    "tokens.operand_ready", "tokens.operand_free", "tokens.accumulator_ready", "tokens.accumulator_free",
    "tokens.output_ready",  "tokens.output_free"};

}  // namespace npusim::sim
