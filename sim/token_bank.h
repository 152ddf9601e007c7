// The counting tokens by which the units wait for one another.
#pragma once

#include <systemc>

#include "npusim/workloads/lowering/program.h"

namespace npusim::sim {

class TokenBank {
public:
    /// Every slot is free and nothing is ready: the state in which a layer begins.
    void reset(int slots);
    /// Takes one token; call from a thread process. Waits until there is one.
    void take(Token token);
    void give(Token token);
    /// How many there are of each.
    void trace(sc_core::sc_trace_file* file) const;

private:
    struct Count {
        int available = 0;
        sc_core::sc_event given;
    };
    [[nodiscard]] Count& of(Token token) { return counts_[static_cast<std::size_t>(token)]; }
    std::array<Count, kTokens> counts_;
};

}  // namespace npusim::sim
