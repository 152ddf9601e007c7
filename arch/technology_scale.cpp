#include "technology_scale.h"

#include <cmath>

namespace npusim {
namespace {

void scale_all(std::vector<std::vector<double>>& matrix, double factor) {
    for (auto& row : matrix) {
        for (double& value : row) value *= factor;
    }
}

double factor_of_fit(const std::string& name, const LogicScale& scale) {
    if (name.find("area") != std::string::npos) return scale.area;
    return name.find("leakage") != std::string::npos ? scale.leakage : scale.energy;
}

}  // namespace

void scale_logic(Technology& technology, const LogicScale& scale) {
    for (MacRow& row : technology.mac_rows) {
        row.area_um2 *= scale.area;
        row.leakage_nw *= scale.leakage;
        row.critical_path_ps *= scale.delay;
        row.energy_uniform_fj *= scale.energy;
        row.energy_realistic_fj *= scale.energy;
    }
    for (auto& [name, fit] : technology.fits) {
        for (double& coefficient : fit.coefficients) coefficient *= factor_of_fit(name, scale);
    }
    for (double* energy : {&technology.register_clock_fj_per_bit_cycle, &technology.register_data_fj_per_bit_cycle,
                           &technology.weight_load_fj_per_bit}) {
        *energy *= scale.energy;
    }
    for (auto& [format, units] : technology.floating) {
        for (double* energy : {&units.mac_energy_fj, &units.add_energy_fj}) *energy *= scale.energy;
        for (double* area : {&units.mac_area_um2, &units.add_area_um2}) *area *= scale.area;
    }
    technology.register_area_um2_per_bit *= scale.area;
    technology.register_leakage_nw_per_bit *= scale.leakage;
    technology.logic_leakage_nw_per_um2 *= scale.leakage / scale.area;
}

Technology scaled_to_node(Technology technology, const NodeScale& scale) {
    scale_logic(technology, scale.logic);
    for (MacRow& row : technology.mac_rows) row.scaled = true;
    for (auto& [name, fit] : technology.fits) fit.scaled = true;
    SramTable& sram = technology.sram;
    scale_all(sram.read_pj, scale.sram_energy);
    scale_all(sram.write_pj, scale.sram_energy);
    scale_all(sram.area_mm2, scale.sram_area);
    scale_all(sram.leakage_mw, scale.sram_leakage);
    scale_all(sram.access_ns, scale.sram_delay);
    for (SramPoint& point : sram.points) {
        point.read_pj *= scale.sram_energy;
        point.write_pj *= scale.sram_energy;
        point.area_mm2 *= scale.sram_area;
    }
    technology.wire_pj_per_bit_mm *= scale.wire_energy;
    return technology;
}

Technology Technology::at_voltage(double voltage_v) const {
    Technology table = *this;
    const auto delay = [&](double v) { return v / std::pow(std::max(v - voltage.threshold_v, 0.01), voltage.alpha); };
    const double square = (voltage_v / vdd_v) * (voltage_v / vdd_v);
    scale_logic(table, {square, 1, square, delay(voltage_v) / delay(vdd_v)});
    table.wire_pj_per_bit_mm *= square;
    table.vdd_v = voltage_v;
    return table;
}

}  // namespace npusim
