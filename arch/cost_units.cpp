#include "cost_units.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "npusim/arch/pe_registers.h"
#include "npusim/base/integer_math.h"

namespace npusim {
namespace {

PeCost with_end(PeCost cost, CostEnd end) {
    cost.area_um2 = at_end(cost.area_um2, cost.area_band, end);
    cost.leakage_nw = at_end(cost.leakage_nw, cost.leakage_band, end);
    cost.energy_fj = at_end(cost.energy_fj, cost.energy_band, end);
    cost.step_fj = at_end(cost.step_fj, cost.energy_band, end);
    return cost;
}

/// At the ends of the errors nobody knows which operands come: the dearer or the cheaper ones.
double over_statistics(double realistic, double uniform, CostEnd end) {
    if (end == CostEnd::estimate) return realistic;
    return end == CostEnd::low ? std::min(realistic, uniform) : std::max(realistic, uniform);
}

PeCost over_statistics(PeCost realistic, const PeCost& uniform, CostEnd end) {
    realistic.energy_fj = over_statistics(realistic.energy_fj, uniform.energy_fj, end);
    realistic.step_fj = over_statistics(realistic.step_fj, uniform.step_fj, end);
    return with_end(realistic, end);
}

/// What a PE multiplies in a step.
struct Product {
    int weight_bits = 0;
    int activation_bits = 0;
};

PeCost weight_stationary_pe(const PeSpec& pe, int sum_bits, const Technology& technology, OperandStatistics statistics,
                            Product product) {
    switch (pe.kind) {
        case PeKind::scalar:
            break;
        case PeKind::dot:
            return technology.dot_pe(pe.lanes, pe.weight_bits, pe.activation_bits, sum_bits, statistics);
        case PeKind::bit_serial:
            return technology.bit_serial_pe(pe.lanes, pe.weight_bits, sum_bits, statistics);
        case PeKind::composable:
            return technology.composable_pe(pe.weight_bits, pe.activation_bits, sum_bits, product.weight_bits,
                                            product.activation_bits, statistics);
    }
    return technology.pe(pe.weight_bits, pe.activation_bits, sum_bits, statistics);
}

/// The PE in the mode of these products. Where inputs stay, they wait as weights do elsewhere, and weights stream: the
/// operands have changed places. The weights of a bit-serial PE wait for all bits of an activation in every dataflow.
PeCost pe_in_mode(const ArchSpec& arch, const Technology& technology, Dataflow dataflow, OperandStatistics statistics,
                  Product product) {
    if (arch.number_format != NumberFormat::integer) return technology.floating_pe(arch.number_format, dataflow);
    PeSpec pe = arch.array.pe;
    const int sum_bits = arch.array.accumulator_bits;
    if (dataflow == Dataflow::output_stationary && pe.kind == PeKind::scalar) {
        return technology.output_stationary_pe(pe.weight_bits, pe.activation_bits, sum_bits, statistics);
    }
    if (dataflow == Dataflow::input_stationary && pe.kind != PeKind::bit_serial) {
        std::swap(pe.weight_bits, pe.activation_bits);
        std::swap(product.weight_bits, product.activation_bits);
    }
    return weight_stationary_pe(pe, sum_bits, technology, statistics, product);
}

/// Whether the price of an operation holds the weight that moves in for it.
bool has_moving_weights(const ArchSpec& arch, Dataflow dataflow) {
    return dataflow == Dataflow::output_stationary && arch.array.pe.kind == PeKind::scalar;
}

/// A PE whose layers may run in both dataflows is as dear as the dearer; at the low end of the errors as the cheaper.
PeCost over_dataflows(PeCost a, const PeCost& b, CostEnd end) {
    for (double PeCost::*figure : {&PeCost::area_um2, &PeCost::leakage_nw, &PeCost::energy_fj, &PeCost::step_fj}) {
        a.*figure = end == CostEnd::low ? std::min(a.*figure, b.*figure) : std::max(a.*figure, b.*figure);
    }
    a.critical_path_ns = std::max(a.critical_path_ns, b.critical_path_ns);
    a.relative_error = std::max(a.relative_error, b.relative_error);
    a.measured = a.measured && b.measured;
    a.in_range = a.in_range && b.in_range;
    return a;
}

/// At an end of the errors, over all dataflows that a layer may have and all operands that may come.
PeCost pe_at_end(const ArchSpec& arch, const Technology& technology, OperandStatistics statistics,
                 const std::vector<Dataflow>& dataflows, Product product, CostEnd end) {
    const auto other =
        statistics == OperandStatistics::uniform ? OperandStatistics::realistic : OperandStatistics::uniform;
    std::optional<PeCost> merged;
    for (const Dataflow dataflow : dataflows) {
        PeCost cost = pe_in_mode(arch, technology, dataflow, statistics, product);
        if (end != CostEnd::estimate) {
            cost = over_statistics(cost, pe_in_mode(arch, technology, dataflow, other, product), end);
        }
        merged = merged ? over_dataflows(*merged, cost, end) : cost;
    }
    return *merged;
}

bool gates_zeros(const ArchSpec& arch) {
    const PeSpec& pe = arch.array.pe;
    return pe.zero_gating && arch.number_format == NumberFormat::integer &&
           (pe.kind == PeKind::scalar || pe.kind == PeKind::dot);
}

/// What holding a multiplier's operands saves where the activation is zero. With a share z of zeros, independent of
/// each other, 1 − z² of the steps change an operand without gating, and 1 − z with it.
double gated_fj(const ArchSpec& arch, const Technology& technology, OperandStatistics statistics, CostEnd end) {
    if (!gates_zeros(arch) || end == CostEnd::high || statistics == OperandStatistics::uniform) return 0;
    const PeSpec& pe = arch.array.pe;
    const PeCost multiplier = technology.multiplier(pe.weight_bits, pe.activation_bits, statistics);
    // No gated PE was synthesized: at the ends there is no saving, or twice as much.
    const double trust = end == CostEnd::low ? 2 : 1;
    return trust * multiplier.energy_fj * kRealisticZeroShare / (1 + kRealisticZeroShare);
}

/// The compiler's widest macros cost several times two of half the width at small capacities; a designer would put two
/// side by side then.
SramCost bank_of(const BufferSpec& buffer, const Technology& technology) {
    constexpr int kWidestEfficientBits = 512;
    const std::int64_t bytes = ceil_div<std::int64_t>(buffer.bytes, buffer.banks);
    const SramCost whole = technology.sram_bank(bytes, buffer.width_bits, buffer.ports);
    if (buffer.width_bits <= kWidestEfficientBits || whole.measured) return whole;
    SramCost half =
        technology.sram_bank(ceil_div<std::int64_t>(bytes, 2), ceil_div(buffer.width_bits, 2), buffer.ports);
    if (whole.read_pj + whole.write_pj <= 2 * (half.read_pj + half.write_pj)) return whole;
    for (double* figure : {&half.read_pj, &half.write_pj, &half.area_mm2, &half.leakage_mw}) *figure *= 2;
    return half;
}

}  // namespace

double at_end(double estimate, const ErrorBand& band, CostEnd end) {
    if (end == CostEnd::estimate) return estimate;
    return estimate * (end == CostEnd::low ? band.low : band.high);
}

double at_end(double estimate, double error_factor, CostEnd end) {
    return at_end(estimate, ErrorBand::of_factor(error_factor), end);
}

double PePrices::product_fj(int product_weight_bits, int product_activation_bits) const {
    if (kind == PeKind::bit_serial) return own_product_fj * product_activation_bits;
    const int product_bits[] = {std::min(product_weight_bits, weight_bits),
                                std::min(product_activation_bits, activation_bits)};
    if (kind == PeKind::composable) {
        const auto halves = [](int bits) { return bits <= 2 ? 0U : bits <= 4 ? 1U : 2U; };
        return brick_products_fj.at(halves(product_bits[0]) + halves(product_bits[1]));
    }
    if (product_bits[0] == weight_bits && product_bits[1] == activation_bits) return own_product_fj;
    const double halvings = (std::log2(static_cast<double>(weight_bits) / product_bits[0]) +
                             std::log2(static_cast<double>(activation_bits) / product_bits[1])) /
                            2;
    for (std::size_t i = 1; i < narrow_factors.size(); ++i) {
        const auto& [x, factor] = narrow_factors[i];
        const auto& [x_before, factor_before] = narrow_factors[i - 1];
        if (halvings > x) continue;
        return own_product_fj * std::lerp(factor_before, factor, (halvings - x_before) / (x - x_before));
    }
    return narrow_factors.empty() ? own_product_fj : own_product_fj * narrow_factors.back().second;
}

PeCost price_pe(const ArchSpec& arch, const Technology& technology, CostEnd end) {
    const Product own{arch.array.pe.weight_bits, arch.array.pe.activation_bits};
    return pe_at_end(arch, technology, OperandStatistics::realistic, possible_dataflows(arch.array), own, end);
}

PePrices price_pe_events(const ArchSpec& arch, const Technology& technology, OperandStatistics statistics,
                         const std::vector<Dataflow>& dataflows, CostEnd end) {
    const PeSpec& pe = arch.array.pe;
    const auto cost = [&](int weight_bits, int activation_bits) {
        return pe_at_end(arch, technology, statistics, dataflows, {weight_bits, activation_bits}, end);
    };
    PePrices prices;
    prices.kind = pe.kind;
    prices.weight_bits = pe.weight_bits;
    prices.activation_bits = pe.activation_bits;
    const PeCost own = cost(pe.weight_bits, pe.activation_bits);
    prices.step_fj = own.step_fj;
    prices.own_product_fj = std::max(own.energy_fj - gated_fj(arch, technology, statistics, end), 0.0);
    if (arch.number_format == NumberFormat::integer && (pe.kind == PeKind::scalar || pe.kind == PeKind::dot)) {
        prices.narrow_factors = technology.narrow_factors(pe.weight_bits, pe.activation_bits);
    }
    if (pe.kind == PeKind::composable) {
        constexpr std::pair<int, int> modes[] = {{2, 2}, {4, 2}, {4, 4}, {8, 4}, {8, 8}};
        for (std::size_t i = 0; i < prices.brick_products_fj.size(); ++i) {
            prices.brick_products_fj[i] = cost(modes[i].first, modes[i].second).energy_fj;
        }
    }
    return prices;
}

double price_weight_load(const ArchSpec& arch, const Technology& technology, Dataflow dataflow, CostEnd end) {
    if (has_moving_weights(arch, dataflow)) return 0;
    return at_end(technology.weight_load_fj_per_bit,
                  technology.weight_load_error_factor * technology.node_errors.logic_energy, end);
}

PeCost price_requantizer(const ArchSpec& arch, const Technology& technology, CostEnd end) {
    if (arch.number_format != NumberFormat::integer) {
        return with_end(technology.floating_adder(arch.number_format), end);
    }
    const auto cost = [&](OperandStatistics statistics) {
        return technology.requantizer(arch.array.accumulator_bits, kMultiplierBits,
                                      std::max(arch.precision.activation_bits, arch.precision.residual_bits),
                                      statistics);
    };
    return over_statistics(cost(OperandStatistics::realistic), cost(OperandStatistics::uniform), end);
}

PeCost price_alu(const ArchSpec& arch, const Technology& technology, CostEnd end) {
    if (arch.number_format != NumberFormat::integer) {
        return with_end(technology.floating_adder(arch.number_format), end);
    }
    return with_end(technology.adder(arch.array.accumulator_bits), end);
}

SramCost price_bank(const BufferSpec& buffer, const Technology& technology, CostEnd end) {
    SramCost cost = bank_of(buffer, technology);
    cost.read_pj = at_end(cost.read_pj, cost.read_band, end);
    cost.write_pj = at_end(cost.write_pj, cost.write_band, end);
    cost.area_mm2 = at_end(cost.area_mm2, cost.area_band, end);
    cost.leakage_mw = at_end(cost.leakage_mw, cost.leakage_band, end);
    return cost;
}

}  // namespace npusim
