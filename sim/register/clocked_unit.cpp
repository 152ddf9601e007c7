#include "clocked_unit.h"

namespace npusim::sim {
namespace {

/// In the order of Token: what a unit lacks that waits for it.
constexpr std::array<IdleCause, kTokens> kLacks{
    IdleCause::weights, IdleCause::buffer, IdleCause::activations, IdleCause::buffer,      IdleCause::activations,
    IdleCause::buffer,  IdleCause::array,  IdleCause::accumulator, IdleCause::vector_unit, IdleCause::buffer};

}  // namespace

void ClockedUnit::begin_layer(CurrentLayer& layer, std::uint64_t /*now_cycles*/) {
    layer_ = &layer;
    cycles_ = {};
    commands_.clear();
    for (const Command& command : *layer.commands) {
        if (unit_of(command) == unit_) commands_.push_back(&command);
    }
    next_ = finished_ = taken_ = 0;
}

bool ClockedUnit::take_tokens() {
    if (head() == nullptr) return false;
    const std::size_t before = taken_;
    for (; taken_ < head()->waits.size(); ++taken_) {
        int& there = tokens_[static_cast<std::size_t>(head()->waits[taken_])];
        if (there == 0) break;
        --there;
    }
    return taken_ > before;
}

const Command& ClockedUnit::start_head() {
    const Command& command = *head();
    ++next_;
    taken_ = 0;
    return command;
}

void ClockedUnit::finish_command(const Command& command) {
    for (const Token token : command.posts) ++tokens_[static_cast<std::size_t>(token)];
    ++finished_;
}

IdleCause ClockedUnit::waits_for() const {
    if (head() == nullptr) return IdleCause::nothing;
    // With all its tokens it can only be a DMA whose transfers are all under way.
    return has_tokens() ? IdleCause::dram : kLacks[static_cast<std::size_t>(head()->waits[taken_])];
}

void ClockedUnit::wait_cycle(std::uint64_t now_cycles) {
    const IdleCause cause = waits_for();
    signals_.show(layer_, head(), false, cause);
    ++cycles_.idle_cycles[static_cast<std::size_t>(cause)];
    // A span for each token, though two may have the same cause.
    const bool goes_on = !spans_.empty() && spans_.back().end_cycles == now_cycles && spans_.back().idle == cause &&
                         spans_.back().command == head() && waited_token_ == taken_;
    waited_token_ = taken_;
    if (goes_on) {
        ++spans_.back().end_cycles;
    } else {
        add_span(now_cycles, 1, cause, head());
    }
}

void ClockedUnit::add_span(std::uint64_t begin_cycles, std::uint64_t cycles, std::optional<IdleCause> idle,
                           const Command* command) {
    if (keeps_spans_ && cycles > 0) spans_.push_back({begin_cycles, begin_cycles + cycles, idle, command});
}

}  // namespace npusim::sim
