#include "npusim/arch/cost.h"

#include <algorithm>
#include <cmath>

#include "cost_notes.h"
#include "npusim/base/integer_math.h"

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

/// The compiler's widest macros cost several times two of half the width at small capacities; a designer would put
/// two side by side then.
SramCost bank_of(const BufferSpec& buffer, const Technology& technology) {
    constexpr int kWidestEfficientBits = 512;
    const std::int64_t bytes = ceil_div<std::int64_t>(buffer.bytes, buffer.banks);
    const SramCost whole = technology.sram_bank(bytes, buffer.width_bits);
    if (buffer.width_bits <= kWidestEfficientBits) return whole;
    const SramCost half = technology.sram_bank(ceil_div<std::int64_t>(bytes, 2), ceil_div(buffer.width_bits, 2));
    if (whole.read_pj + whole.write_pj <= 2 * (half.read_pj + half.write_pj)) return whole;
    return {2 * half.read_pj, 2 * half.write_pj, 2 * half.area_mm2, 2 * half.leakage_mw, half.access_ns, half.in_range};
}

/// An access crosses about the edge of a square as large as the buffer.
double wire_pj(const BufferSpec& buffer, double buffer_mm2, const Technology& technology) {
    return buffer.width_bits * technology.wire_toggle_probability * technology.wire_pj_per_bit_mm *
           std::sqrt(buffer_mm2);
}

/// Of the operand that waits in the PEs; where sums stay, of the weights that move on each cycle.
int loaded_bits(const ArraySpec& array) {
    return array.dataflow == Dataflow::input_stationary ? array.pe.activation_bits : array.pe.weight_bits;
}

/// Registers of a PE that are clocked on each cycle: operands that stream, and the sum.
int moving_bits(const ArraySpec& array) {
    const PeSpec& pe = array.pe;
    switch (array.dataflow) {
        case Dataflow::weight_stationary:
            break;
        case Dataflow::output_stationary:
            return pe.weight_bits + pe.activation_bits + array.accumulator_bits;
        case Dataflow::input_stationary:
            return pe.weight_bits + array.accumulator_bits;
    }
    return pe.activation_bits + array.accumulator_bits;
}

/// What moves in, or out, while a fold streams needs a register of its own.
double shadow_register_bits(const ArraySpec& array) {
    if (!array.overlap_weight_load) return 0;
    return array.dataflow == Dataflow::output_stationary ? array.accumulator_bits : loaded_bits(array);
}

void price_units(CostModel& model, const Technology& technology) {
    constexpr auto statistics = OperandStatistics::realistic;
    const ArraySpec& array = model.arch.array;
    const PrecisionSpec& precision = model.arch.precision;
    if (model.arch.number_format == NumberFormat::fp32) {
        model.pe = technology.fp32_pe();
        model.requantizer = model.alu = technology.fp32_adder();
    } else {
        model.pe = technology.pe(array.pe.weight_bits, array.pe.activation_bits, array.accumulator_bits, statistics);
        model.requantizer =
            technology.requantizer(array.accumulator_bits, kMultiplierBits,
                                   std::max(precision.activation_bits, precision.residual_bits), statistics);
        model.alu = technology.adder(array.accumulator_bits);
    }
    model.weight_bank = bank_of(model.arch.weight_buffer, technology);
    model.activation_bank = bank_of(model.arch.activation_buffer, technology);
    model.accumulator_bank = bank_of(model.arch.accumulator_buffer, technology);
    model.dram_pj_per_bit = technology.dram_pj_per_bit_of(model.arch.dram.type);
    model.register_clock_fj_per_bit_cycle = technology.register_clock_fj_per_bit_cycle;
    model.weight_load_fj_per_bit = technology.weight_load_fj_per_bit;
}

AreaBreakdown area_of(const CostModel& model, const Technology& technology) {
    const ArchSpec& arch = model.arch;
    const double pes = static_cast<double>(arch.array.rows) * arch.array.columns;
    const double pe_um2 = model.pe.area_um2 + shadow_register_bits(arch.array) * technology.register_area_um2_per_bit;
    const double lane_um2 = model.requantizer.area_um2 + model.alu.area_um2;
    const double placed_um2_per_mm2 = um2_per_mm2 * technology.cell_utilization;
    AreaBreakdown area;
    area.array_mm2 = pes * pe_um2 / placed_um2_per_mm2;
    area.weight_buffer_mm2 = arch.weight_buffer.banks * model.weight_bank.area_mm2;
    area.activation_buffer_mm2 = arch.activation_buffer.banks * model.activation_bank.area_mm2;
    area.accumulator_buffer_mm2 = arch.accumulator_buffer.banks * model.accumulator_bank.area_mm2;
    area.vector_unit_mm2 = arch.vector_unit.lanes * lane_um2 / placed_um2_per_mm2;
    return area;
}

double leakage_of(const CostModel& model, const Technology& technology) {
    const ArchSpec& arch = model.arch;
    const double pes = static_cast<double>(arch.array.rows) * arch.array.columns;
    const double pe_nw =
        model.pe.leakage_nw + shadow_register_bits(arch.array) * technology.register_leakage_nw_per_bit;
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

EnergyBreakdown CostModel::energy(const Counters& counters) const {
    const double clocked_bits = moving_bits(arch.array);
    // A PE that is clocked without work moves on what does not stay.
    const double idle_cycles =
        real(counters.pe_idle_in_fold_cycles) + (arch.clock_gate_stalls ? 0.0 : real(counters.pe_stalled_cycles));
    const double array_fj = real(counters.pe_operations) * pe.energy_fj +
                            idle_cycles * register_clock_fj_per_bit_cycle * clocked_bits +
                            real(counters.pe_weight_loads) * weight_load_fj_per_bit * loaded_bits(arch.array);
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

CostModel make_cost_model(const ArchSpec& arch, const Technology& technology) {
    CostModel model;
    model.arch = arch;
    price_units(model, technology);
    model.area = area_of(model, technology);
    model.weight_wire_pj = wire_pj(arch.weight_buffer, model.area.weight_buffer_mm2, technology);
    model.activation_wire_pj = wire_pj(arch.activation_buffer, model.area.activation_buffer_mm2, technology);
    model.accumulator_wire_pj = wire_pj(arch.accumulator_buffer, model.area.accumulator_buffer_mm2, technology);
    model.leakage_mw = leakage_of(model, technology);
    model.notes = cost_notes(model, technology);
    return model;
}

}  // namespace npusim
