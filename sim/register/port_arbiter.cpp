#include "npusim/sim/port_arbiter.h"

namespace npusim {

PortArbiter::PortArbiter(const BufferSpec& buffer, bool double_buffering)
    : halves_(double_buffering ? 2 : 1), ports_(0), left_{} {
    for (int bank = 0; bank < buffer.banks; ++bank) {
        const bool is_of_last_half = static_cast<std::size_t>(bank) % halves_ == halves_ - 1;
        if (is_of_last_half) ports_ += static_cast<std::uint64_t>(buffer.ports);
    }
    // A single bank is both halves'.
    if (ports_ == 0) ports_ = static_cast<std::uint64_t>(buffer.ports);
}

HalfAccesses PortArbiter::to_slot(std::uint64_t accesses, std::uint64_t address, std::int64_t slot_bytes) const {
    const auto step = static_cast<std::uint64_t>(slot_bytes);
    std::size_t half = 0;
    if (halves_ == 2 && step > 0) {
        for (std::uint64_t slot_end = step; slot_end <= address; slot_end += step) half = 1 - half;
    }
    HalfAccesses of{};
    of[half] = accesses;
    return of;
}

HalfAccesses PortArbiter::to_both(std::uint64_t accesses) const {
    HalfAccesses of{};
    for (std::uint64_t i = 0; i < accesses; ++i) ++of[i % halves_];
    return of;
}

std::shared_ptr<const PortRequest> PortArbiter::ask(const PortRequest& request) {
    requests_.push_back(std::make_shared<PortRequest>(request));
    return requests_.back();
}

void PortArbiter::cycle(std::uint64_t now_cycles) {
    left_.fill(ports_);
    for (auto one = requests_.begin(); one != requests_.end();) {
        PortRequest& request = **one;
        if (request.begin_cycles <= now_cycles) {
            const bool first = serve(request, 0);
            const bool second = serve(request, 1);
            request.stands = !first || !second;
            ++(request.stands ? request.stood_cycles : request.worked_cycles);
        }
        one = request.is_through() ? requests_.erase(one) : std::next(one);
    }
}

/// Whether all is through that is due in the working cycle.
bool PortArbiter::serve(PortRequest& request, std::size_t half) {
    const std::uint64_t accesses = request.accesses[half];
    const auto is_due = [&](std::uint64_t access) {
        return (access * request.working_cycles + accesses - 1) / accesses <= request.worked_cycles + 1;
    };
    std::uint64_t& through = request.through[half];
    while (through < accesses && is_due(through + 1)) {
        if (left_[half] == 0) return false;
        --left_[half];
        ++through;
    }
    return true;
}

}  // namespace npusim
