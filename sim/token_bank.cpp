#include "token_bank.h"

#include "unit_signals.h"

namespace npusim::sim {

void TokenBank::reset(int slots) {
    for (auto& count : counts_) count.available = 0;
    for (const Token token :
         {Token::weights_free, Token::inputs_free, Token::operand_free, Token::accumulator_free, Token::output_free}) {
        of(token).available = slots;
    }
}

void TokenBank::take(Token token) {
    Count& count = of(token);
    while (count.available == 0) sc_core::wait(count.given);
    --count.available;
}

void TokenBank::give(Token token) {
    Count& count = of(token);
    ++count.available;
    count.given.notify(sc_core::SC_ZERO_TIME);
}

void TokenBank::trace(sc_core::sc_trace_file* file) const {
    for (std::size_t i = 0; i < kTokens; ++i) sc_core::sc_trace(file, counts_[i].available, kTokenSignals[i]);
}

}  // namespace npusim::sim
