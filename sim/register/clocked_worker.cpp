#include "clocked_worker.h"

#include <stdexcept>

namespace npusim::sim {

void ClockedWorker::finish(std::uint64_t now_cycles) {
    if (command_ == nullptr || !is_through()) return;
    const Spent spent = end_command(*command_);
    const std::uint64_t conflict_cycles = spent.bank_conflict_cycles + held_cycles_;
    if (spent.busy_cycles + spent.fill_drain_cycles + conflict_cycles != now_cycles - began_cycles_) {
        throw std::logic_error("a command's cycles are not those that have passed");
    }
    cycles_.busy_cycles += spent.busy_cycles;
    cycles_.idle_cycles[static_cast<std::size_t>(IdleCause::fill_drain)] += spent.fill_drain_cycles;
    cycles_.idle_cycles[static_cast<std::size_t>(IdleCause::bank_conflict)] += conflict_cycles;
    add_span(began_cycles_, spent.fill_drain_cycles, IdleCause::fill_drain, command_);
    add_span(began_cycles_ + spent.fill_drain_cycles, spent.busy_cycles, std::nullopt, command_);
    add_span(now_cycles - conflict_cycles, conflict_cycles, IdleCause::bank_conflict, command_);
    finish_command(*std::exchange(command_, nullptr));
}

bool ClockedWorker::act(std::uint64_t now_cycles) {
    if (command_ != nullptr) return false;
    const bool took = take_tokens();
    if (!has_tokens()) return took;
    command_ = &start_head();
    request_.reset();
    began_cycles_ = now_cycles;
    held_cycles_ = 0;
    signals_.show(layer_, command_, true, IdleCause::nothing);
    begin_command(*command_);
    return true;
}

void ClockedWorker::cycle(std::uint64_t now_cycles) {
    if (command_ == nullptr) return wait_cycle(now_cycles);
    const bool is_held = request_ != nullptr && request_->stands;
    held_cycles_ += is_held ? 1 : 0;
    work_cycle(is_held);
}

void ClockedWorker::ask_ports(std::uint64_t cycles, const HalfAccesses& accesses) {
    PortRequest request;
    request.begin_cycles = began_cycles_;
    request.working_cycles = cycles;
    request.accesses = accesses;
    request_ = ports_->ask(request);
}

HalfAccesses ClockedWorker::accesses_to(TensorId tensor, std::uint64_t accesses, std::uint64_t address) const {
    if (layer_->resident(tensor) != nullptr) return ports_->to_both(accesses);
    return ports_->to_slot(accesses, address, layer_->program->activation_slot_bytes);
}

}  // namespace npusim::sim
