// Prices counters: counts × table → energy; structure × table → area. Nothing here needs a simulation.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "npusim/arch/arch_spec.h"
#include "npusim/arch/counters.h"
#include "npusim/arch/technology.h"

namespace npusim {

/// Energy by component, pJ. `total_pj` is the sum of the parts in the order of `parts()`.
struct EnergyBreakdown {
    double array_pj = 0;  ///< PE operations, idle clock, weight loads
    double weight_buffer_pj = 0;
    double activation_buffer_pj = 0;
    double accumulator_buffer_pj = 0;
    double vector_unit_pj = 0;
    double dram_pj = 0;
    double leakage_pj = 0;
    [[nodiscard]] std::vector<std::pair<std::string, double>> parts() const;
    [[nodiscard]] double total_pj() const;
    [[nodiscard]] double on_chip_pj() const;  ///< all but DRAM
};

/// Area by component, mm², placed (cell area / utilization) for logic, macro area for SRAM. DRAM is off chip. With
/// overlap_weight_load each PE has a shadow register for its next weight.
struct AreaBreakdown {
    double array_mm2 = 0;
    double weight_buffer_mm2 = 0;
    double activation_buffer_mm2 = 0;
    double accumulator_buffer_mm2 = 0;
    double vector_unit_mm2 = 0;
    [[nodiscard]] std::vector<std::pair<std::string, double>> parts() const;
    [[nodiscard]] double total_mm2() const;
};

/// What a chip costs to build and per event; made once for an architecture, used for every layer.
struct CostModel {
    ArchSpec arch;
    PeCost pe;
    /// Accumulator × 16-bit multiplier, output as wide as the wider of activations and residuals; fp32: an adder.
    PeCost requantizer;
    /// As wide as the accumulator, since residuals and pooling sums are added there; fp32: an adder.
    PeCost alu;
    SramCost weight_bank, activation_bank, accumulator_bank;
    /// Of one access: the port's bits × toggle probability × pJ/mm over √(area of the whole buffer).
    double weight_wire_pj = 0, activation_wire_pj = 0, accumulator_wire_pj = 0;
    double dram_pj_per_bit = 0;
    double register_clock_fj_per_bit_cycle = 0;
    double weight_load_fj_per_bit = 0;
    double leakage_mw = 0;  ///< of the whole chip
    AreaBreakdown area;
    /// Sentences about figures that are estimated, extrapolated or not reachable (e.g. the clock).
    std::vector<std::string> notes;

    /// Energy of the counted events; `counters.total_cycles` gives the time that leakage is charged for.
    [[nodiscard]] EnergyBreakdown energy(const Counters& counters) const;
};

[[nodiscard]] CostModel make_cost_model(const ArchSpec& arch, const Technology& technology);

}  // namespace npusim
