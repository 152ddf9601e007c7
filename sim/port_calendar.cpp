#include "npusim/sim/port_calendar.h"

#include <algorithm>

namespace npusim {

PortCalendar::PortCalendar(const BufferSpec& buffer, bool double_buffering)
    : halves_(double_buffering ? 2 : 1),
      ports_(std::max<std::uint64_t>(1, static_cast<std::uint64_t>(buffer.banks) / halves_) *
             static_cast<std::uint64_t>(buffer.ports)) {}

HalfAccesses PortCalendar::in_slot(std::uint64_t accesses, std::uint64_t address, std::int64_t slot_bytes) const {
    HalfAccesses of{};
    const std::uint64_t slot = slot_bytes == 0 ? 0 : address / static_cast<std::uint64_t>(slot_bytes);
    of[slot % halves_] = accesses;
    return of;
}

HalfAccesses PortCalendar::across(std::uint64_t accesses) const {
    if (halves_ == 1) return {accesses, 0};
    return {accesses - accesses / 2, accesses / 2};
}

std::uint64_t PortCalendar::book(std::uint64_t now_cycles, std::uint64_t begin_cycles, std::uint64_t cycles,
                                 const HalfAccesses& accesses) {
    if (accesses[0] + accesses[1] == 0) return 0;
    forget_before(now_cycles);
    HalfAccesses through{};
    std::uint64_t cycle = begin_cycles;
    std::uint64_t worked_cycles = 0;
    for (; worked_cycles < cycles; ++cycle) {
        bool all_through = true;
        for (std::size_t half = 0; half < halves_; ++half) {
            const std::uint64_t due = accesses[half] * (worked_cycles + 1) / cycles;
            if (through[half] < due) through[half] += take(half, cycle, due - through[half]);
            all_through = all_through && through[half] == due;
        }
        if (all_through) ++worked_cycles;
    }
    return cycle - begin_cycles - cycles;
}

std::uint64_t PortCalendar::take(std::size_t half, std::uint64_t cycle, std::uint64_t wanted) {
    auto& booked = booked_[half];
    const std::uint64_t place = cycle - first_cycle_;
    if (place >= booked.size()) booked.resize(place + 1);
    const std::uint64_t taken = std::min(wanted, ports_ - booked[place]);
    booked[place] = static_cast<std::uint16_t>(booked[place] + taken);
    return taken;
}

void PortCalendar::forget_before(std::uint64_t now_cycles) {
    for (auto& half : booked_) {
        const auto past = std::min<std::uint64_t>(half.size(), now_cycles - first_cycle_);
        half.erase(half.begin(), half.begin() + static_cast<std::ptrdiff_t>(past));
    }
    first_cycle_ = now_cycles;
}

}  // namespace npusim
