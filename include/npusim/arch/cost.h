// Prices counters: counts × table → energy; structure × table → area. Nothing here needs a simulation.
#pragma once

#include <array>
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

/// What the operations of a PE cost: steps × `step_fj` + Σ products × product_fj(their bits).
struct PePrices {
    PeKind kind = PeKind::scalar;
    int weight_bits = 0;  ///< of the PE
    int activation_bits = 0;
    double step_fj = 0;         ///< of a step, however many products it has: the sum, where several share one
    double own_product_fj = 0;  ///< at the PE's own bits; bit_serial: of one activation bit
    /// Of a scalar or dot PE: the share that narrower data take, as Technology::narrow_factors.
    std::vector<std::pair<double, double>> narrow_factors;
    /// Of a composable PE: a product of 1, 2, 4, 8 or 16 bricks.
    std::array<double, 5> brick_products_fj{};
    [[nodiscard]] double product_fj(int product_weight_bits, int product_activation_bits) const;
};

/// The prices that a model has: its best estimates, or where its known errors end, all in the same direction.
enum class CostEnd { estimate, low, high };

/// What a chip costs to build and per event; made once for an architecture, used for every layer.
struct CostModel {
    ArchSpec arch;
    PeCost pe;
    PePrices realistic_pe;  ///< half of the activations are zero
    PePrices uniform_pe;    ///< none are; at the ends of the errors the same as the realistic ones
    /// Of layers whose sums stay, where other layers have another dataflow; else the same.
    PePrices realistic_output_stationary_pe, uniform_output_stationary_pe;
    /// Accumulator × 16-bit multiplier, output as wide as the wider of activations and residuals; floating
    /// point: an fp32 adder.
    PeCost requantizer;
    /// As wide as the accumulator, since residuals and pooling sums are added there; floating point: an fp32 adder.
    PeCost alu;
    SramCost weight_bank, activation_bank, accumulator_bank;
    /// Of one access: the port's bits × toggle probability × pJ/mm over √(area of the whole buffer).
    double weight_wire_pj = 0, activation_wire_pj = 0, accumulator_wire_pj = 0;
    double dram_pj_per_bit = 0;
    double register_clock_fj_per_bit_cycle = 0;
    double weight_load_fj_per_bit = 0;
    /// 0 in scalar PEs: the price of an operation holds the weight that moves in for it.
    double output_stationary_load_fj_per_bit = 0;
    double leakage_mw = 0;  ///< of the whole chip
    AreaBreakdown area;
    /// Sentences about figures that are estimated, extrapolated or not reachable (e.g. the clock).
    std::vector<std::string> notes;

    /// Energy of the counted events; `counters.total_cycles` gives the time that leakage is charged for.
    [[nodiscard]] EnergyBreakdown energy(const Counters& counters) const;
    /// The same where this share of the MACs met an activation of zero: the PEs' prices lie between the uniform ones
    /// (none) and the realistic ones (half), and on the same line up to three quarters.
    [[nodiscard]] EnergyBreakdown energy(const Counters& counters, double zero_share) const;

private:
    [[nodiscard]] double pe_operations_fj(const Counters& counters, OperandStatistics statistics) const;
    [[nodiscard]] EnergyBreakdown with_operations(const Counters& counters, double operations_fj) const;
};

inline constexpr double kRealisticZeroShare = 0.5;
inline constexpr double kLargestPricedZeroShare = 0.75;

/// Throws InputError for a chip with PEs or DRAM that the table has no figures of.
[[nodiscard]] CostModel make_cost_model(const ArchSpec& arch, const Technology& technology,
                                        CostEnd end = CostEnd::estimate);

}  // namespace npusim
