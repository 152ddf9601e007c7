#include "npusim/arch/cost.h"

#include <algorithm>
#include <cmath>

#include "cost_notes.h"
#include "cost_units.h"
#include "npusim/arch/pe_registers.h"

namespace npusim {
namespace {

constexpr double fj_per_pj = 1000;
constexpr double um2_per_mm2 = 1e6;
constexpr double nw_per_mw = 1e6;
constexpr double bits_per_byte = 8;

double real(std::uint64_t count) {
    return static_cast<double>(count);
}

double sum(const std::vector<std::pair<std::string, double>>& parts) {
    double total = 0;
    for (const auto& [name, value] : parts) total += value;
    return total;
}

double access_pj(const BufferCounters& counters, const SramCost& bank, double wire_pj) {
    return real(counters.reads) * (bank.read_pj + wire_pj) + real(counters.writes) * (bank.write_pj + wire_pj);
}

/// An access crosses about the edge of a square as large as the buffer.
double wire_pj(const BufferSpec& buffer, double buffer_mm2, const Technology& technology, CostEnd end) {
    return buffer.width_bits * technology.wire_toggle_probability *
           at_end(technology.wire_pj_per_bit_mm, technology.wire_error_factor, end) * std::sqrt(buffer_mm2);
}

/// Layers whose sums stay have prices of their own; a chip that has nothing else has no others.
void price_operations(CostModel& model, const Technology& technology, CostEnd end) {
    const ArchSpec& arch = model.arch;
    const std::vector<Dataflow> all = possible_dataflows(arch.array);
    std::vector<Dataflow> others = all;
    std::erase(others, Dataflow::output_stationary);
    const std::vector<Dataflow> where_sums_stay =
        others.size() < all.size() ? std::vector{Dataflow::output_stationary} : all;
    if (others.empty()) others = all;
    const auto events = [&](OperandStatistics statistics, const std::vector<Dataflow>& dataflows) {
        return price_pe_events(arch, technology, statistics, dataflows, end);
    };
    model.realistic_pe = events(OperandStatistics::realistic, others);
    model.uniform_pe = events(OperandStatistics::uniform, others);
    model.realistic_output_stationary_pe = events(OperandStatistics::realistic, where_sums_stay);
    model.uniform_output_stationary_pe = events(OperandStatistics::uniform, where_sums_stay);
    model.weight_load_fj_per_bit = price_weight_load(arch, technology, others.front(), end);
    model.output_stationary_load_fj_per_bit = price_weight_load(arch, technology, where_sums_stay.front(), end);
}

void price_units(CostModel& model, const Technology& technology, CostEnd end) {
    const ArchSpec& arch = model.arch;
    model.pe = price_pe(arch, technology, end);
    price_operations(model, technology, end);
    model.requantizer = price_requantizer(arch, technology, end);
    model.alu = price_alu(arch, technology, end);
    model.weight_bank = price_bank(arch.weight_buffer, technology, end);
    model.activation_bank = price_bank(arch.activation_buffer, technology, end);
    model.accumulator_bank = price_bank(arch.accumulator_buffer, technology, end);
    model.dram_pj_per_bit = at_end(technology.dram_pj_per_bit_of(arch.dram.type), technology.dram_error_factor, end);
    const double logic_error = technology.node_errors.logic_energy;
    model.register_clock_fj_per_bit_cycle = at_end(technology.register_clock_fj_per_bit_cycle, logic_error, end);
}

/// A PE's own area and its shadow registers.
double pe_um2(const CostModel& model, const Technology& technology, CostEnd end) {
    const double register_um2 = at_end(technology.register_area_um2_per_bit, technology.node_errors.logic_area, end);
    return model.pe.area_um2 + widest_shadow_register_bits(model.arch.array) * register_um2;
}

AreaBreakdown area_of(const CostModel& model, const Technology& technology, CostEnd end) {
    const ArchSpec& arch = model.arch;
    const double pes = static_cast<double>(arch.array.rows) * arch.array.columns;
    const double lane_um2 = model.requantizer.area_um2 + model.alu.area_um2;
    const double placed_um2_per_mm2 = um2_per_mm2 * technology.cell_utilization;
    AreaBreakdown area;
    area.array_mm2 = pes * pe_um2(model, technology, end) / placed_um2_per_mm2;
    area.weight_buffer_mm2 = arch.weight_buffer.banks * model.weight_bank.area_mm2;
    area.activation_buffer_mm2 = arch.activation_buffer.banks * model.activation_bank.area_mm2;
    area.accumulator_buffer_mm2 = arch.accumulator_buffer.banks * model.accumulator_bank.area_mm2;
    area.vector_unit_mm2 = arch.vector_unit.lanes * lane_um2 / placed_um2_per_mm2;
    return area;
}

double leakage_of(const CostModel& model, const Technology& technology, CostEnd end) {
    const ArchSpec& arch = model.arch;
    const double pes = static_cast<double>(arch.array.rows) * arch.array.columns;
    const double register_nw =
        at_end(technology.register_leakage_nw_per_bit, technology.node_errors.logic_leakage, end);
    const double pe_nw = model.pe.leakage_nw + widest_shadow_register_bits(arch.array) * register_nw;
    const double lane_nw = model.requantizer.leakage_nw + model.alu.leakage_nw;
    const double sram_mw = arch.weight_buffer.banks * model.weight_bank.leakage_mw +
                           arch.activation_buffer.banks * model.activation_bank.leakage_mw +
                           arch.accumulator_buffer.banks * model.accumulator_bank.leakage_mw;
    return (pes * pe_nw + arch.vector_unit.lanes * lane_nw) / nw_per_mw + sram_mw;
}

}  // namespace

std::vector<std::pair<std::string, double>> EnergyBreakdown::parts() const {
    return {{"array", array_pj},
            {"weight_buffer", weight_buffer_pj},
            {"activation_buffer", activation_buffer_pj},
            {"accumulator_buffer", accumulator_buffer_pj},
            {"vector_unit", vector_unit_pj},
            {"dram", dram_pj},
            {"leakage", leakage_pj}};
}

double EnergyBreakdown::total_pj() const {
    return sum(parts());
}

double EnergyBreakdown::on_chip_pj() const {
    auto on_chip = parts();
    std::erase_if(on_chip, [](const auto& part) { return part.first == "dram"; });
    return sum(on_chip);
}

std::vector<std::pair<std::string, double>> AreaBreakdown::parts() const {
    return {{"array", array_mm2},
            {"weight_buffer", weight_buffer_mm2},
            {"activation_buffer", activation_buffer_mm2},
            {"accumulator_buffer", accumulator_buffer_mm2},
            {"vector_unit", vector_unit_mm2}};
}

double AreaBreakdown::total_mm2() const {
    return sum(parts());
}

double CostModel::pe_operations_fj(const Counters& counters, OperandStatistics statistics) const {
    const bool is_realistic = statistics == OperandStatistics::realistic;
    const PePrices& prices = is_realistic ? realistic_pe : uniform_pe;
    const PePrices& staying = is_realistic ? realistic_output_stationary_pe : uniform_output_stationary_pe;
    double fj = 0;
    std::uint64_t priced = 0;
    for (const auto& [bits, operations] : counters.pe_operations_by_bits) {
        const auto found = counters.output_stationary_operations_by_bits.find(bits);
        const std::uint64_t stay = found == counters.output_stationary_operations_by_bits.end() ? 0 : found->second;
        fj += real(operations - stay) * prices.product_fj(bits.first, bits.second) +
              real(stay) * staying.product_fj(bits.first, bits.second);
        priced += operations;
    }
    // Counters of older results do not tell the bits: those are the PE's own.
    if (priced < counters.pe_operations) {
        fj += real(counters.pe_operations - priced) * prices.product_fj(prices.weight_bits, prices.activation_bits);
    }
    return fj + real(counters.pe_steps) * prices.step_fj;
}

EnergyBreakdown CostModel::with_operations(const Counters& counters, double operations_fj) const {
    // A PE that is clocked without work moves on what does not stay.
    const double idle_bit_cycles = real(counters.pe_idle_in_fold_bit_cycles) +
                                   (arch.clock_gate_stalls ? 0.0 : real(counters.pe_stalled_bit_cycles));
    const double array_fj =
        operations_fj + idle_bit_cycles * register_clock_fj_per_bit_cycle +
        real(counters.pe_loaded_bits - counters.output_stationary_loaded_bits) * weight_load_fj_per_bit +
        real(counters.output_stationary_loaded_bits) * output_stationary_load_fj_per_bit;
    const double vector_fj = real(counters.requantize_operations) * requantizer.energy_fj +
                             real(counters.vector_alu_operations) * alu.energy_fj;
    const double time_ns = real(counters.total_cycles) * 1000 / arch.clock_mhz;
    EnergyBreakdown energy;
    energy.array_pj = array_fj / fj_per_pj;
    energy.weight_buffer_pj = access_pj(counters.weight_buffer, weight_bank, weight_wire_pj);
    energy.activation_buffer_pj = access_pj(counters.activation_buffer, activation_bank, activation_wire_pj);
    energy.accumulator_buffer_pj = access_pj(counters.accumulator_buffer, accumulator_bank, accumulator_wire_pj);
    energy.vector_unit_pj = vector_fj / fj_per_pj;
    energy.dram_pj = real(counters.dram.moved_bytes()) * bits_per_byte * dram_pj_per_bit;
    energy.leakage_pj = leakage_mw * time_ns;  // 1 mW · 1 ns = 1 pJ
    return energy;
}

EnergyBreakdown CostModel::energy(const Counters& counters) const {
    return with_operations(counters, pe_operations_fj(counters, OperandStatistics::realistic));
}

EnergyBreakdown CostModel::energy(const Counters& counters, double zero_share) const {
    const double share = std::clamp(zero_share, 0.0, kLargestPricedZeroShare) / kRealisticZeroShare;
    const double uniform_fj = pe_operations_fj(counters, OperandStatistics::uniform);
    const double realistic_fj = pe_operations_fj(counters, OperandStatistics::realistic);
    // Where half of the activations are zero this is the realistic price, to the last bit.
    return with_operations(counters, std::max(std::lerp(uniform_fj, realistic_fj, share), 0.0));
}

CostModel make_cost_model(const ArchSpec& arch, const Technology& technology, CostEnd end) {
    if (arch.voltage_v > 0 && arch.voltage_v != technology.vdd_v) {
        ArchSpec nominal = arch;
        nominal.voltage_v = 0;
        CostModel model = make_cost_model(nominal, technology.at_voltage(arch.voltage_v), end);
        model.arch = arch;
        model.notes.push_back(voltage_note(arch, technology));
        return model;
    }
    CostModel model;
    model.arch = arch;
    price_units(model, technology, end);
    model.area = area_of(model, technology, end);
    model.weight_wire_pj = wire_pj(arch.weight_buffer, model.area.weight_buffer_mm2, technology, end);
    model.activation_wire_pj = wire_pj(arch.activation_buffer, model.area.activation_buffer_mm2, technology, end);
    model.accumulator_wire_pj = wire_pj(arch.accumulator_buffer, model.area.accumulator_buffer_mm2, technology, end);
    model.leakage_mw = leakage_of(model, technology, end);
    model.notes = cost_notes(model, technology);
    return model;
}

}  // namespace npusim
