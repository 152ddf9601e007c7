#include "token_bank.h"

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

}  // namespace npusim::sim
