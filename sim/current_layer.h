// The layer that the machine is at: what it runs, and what it counts.
#pragma once

#include <optional>
#include <vector>

#include "npusim/arch/counters.h"
#include "npusim/sim/port_calendar.h"
#include "npusim/workloads/lowering/program.h"

namespace npusim::sim {

struct CurrentLayer {
    const QuantizedNetwork* network = nullptr;
    const QuantizedNode* node = nullptr;
    const LayerProgram* program = nullptr;
    const std::vector<Command>* commands = nullptr;  ///< those of the program that run
    const std::vector<TensorLayout>* layouts = nullptr;
    const std::vector<std::optional<TensorLayout>>* residents = nullptr;
    std::int64_t images = 0;  ///< of the batch that are there; 0: no data
    Counters counters;

    [[nodiscard]] bool with_data() const { return images > 0; }
    /// Where a tensor lies that lives in the activation buffer; null for others.
    [[nodiscard]] const TensorLayout* resident(TensorId tensor) const {
        return residents->empty() || !(*residents)[tensor] ? nullptr : &*(*residents)[tensor];
    }
    /// In which halves of the activation buffer accesses to a tensor fall: those of its slot's address, or both.
    [[nodiscard]] HalfAccesses halves_of(const PortCalendar& ports, TensorId tensor, std::uint64_t accesses,
                                         std::uint64_t address) const {
        if (resident(tensor) != nullptr) return ports.across(accesses);
        return ports.in_slot(accesses, address, program->activation_slot_bytes);
    }
};

}  // namespace npusim::sim
