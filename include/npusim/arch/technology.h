// A technology table: measured energies and areas with their sources, and the look-ups that the cost model makes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace npusim {

/// Which operands the PE energies were measured with.
enum class OperandStatistics {
    realistic,  ///< weights N(0, 2^(w−1)/3), activations half zero, else half-normal
    uniform,
};

/// One synthesized PE or multiplier.
struct MacRow {
    std::string kind;  ///< "mul", "pe", "dot"
    int weight_bits = 0;
    int activation_bits = 0;
    int accumulator_bits = 0;  ///< 0 for a bare multiplier
    int lanes = 1;
    double area_um2 = 0;
    double leakage_nw = 0;
    double critical_path_ps = 0;
    double energy_uniform_fj = 0;
    double energy_realistic_fj = 0;
};

/// value = Σ coefficient × term of a synthesis fit; which terms, the name of the fit says (see technology.cpp).
struct Fit {
    std::vector<double> coefficients;
    /// The points of the fit by variable (w, a, c: operand and accumulator bits; s, o: multiplier and output bits).
    std::map<std::string, std::pair<double, double>> valid;
    double max_relative_error = 0;
};

struct SramTable {
    std::vector<double> capacity_bytes;
    std::vector<double> width_bits;
    /// [capacity][width]; NaN where the SRAM compiler found no solution.
    std::vector<std::vector<double>> read_pj, write_pj, area_mm2, leakage_mw, access_ns;
};

struct PeCost {
    double area_um2 = 0;
    double leakage_nw = 0;
    double energy_fj = 0;         ///< per operation
    double critical_path_ns = 0;  ///< 0 where no measurement is near
    bool measured = false;        ///< a row of the table, not the formula
    double relative_error = 0;    ///< bound of the formula; 0 when measured
    bool in_range = true;         ///< false: beyond the points of the fit, so the bound does not hold
};

struct SramCost {
    double read_pj = 0;  ///< one access of the full width
    double write_pj = 0;
    double area_mm2 = 0;
    double leakage_mw = 0;
    double access_ns = 0;
    bool in_range = true;  ///< false: beyond the table, extrapolated along the edge's slope
};

/// The table of one node. All values are at the table's nominal voltage.
struct Technology {
    std::string name;
    std::string file;
    std::string content_hash;
    int node_nm = 45;
    double vdd_v = 1.1;
    double cell_utilization = 0.7;  ///< placed area = cell area / this
    std::vector<MacRow> mac_rows;
    std::map<std::string, Fit> fits;
    double register_area_um2_per_bit = 0;
    double register_leakage_nw_per_bit = 0;
    double register_clock_fj_per_bit_cycle = 0;
    double register_data_fj_per_bit_cycle = 0;  ///< the clock and uniform data
    double logic_leakage_nw_per_um2 = 0;        ///< for units whose leakage has no fit
    double weight_load_fj_per_bit = 0;
    double fp32_mac_energy_fj = 0;  ///< estimated; see the table's source
    double fp32_mac_area_um2 = 0;
    double fp32_relative_error = 0;  ///< 1.2: a factor of 2.2 either way
    double fp32_add_energy_fj = 0;
    double fp32_add_area_um2 = 0;
    double fp32_add_relative_error = 0;
    SramTable sram;
    std::map<std::string, double> dram_pj_per_bit;
    double wire_pj_per_bit_mm = 0;
    double wire_toggle_probability = 0;

    /// A weight-stationary PE with its registers. A measured row where there is one, the formula elsewhere.
    [[nodiscard]] PeCost pe(int weight_bits, int activation_bits, int accumulator_bits,
                            OperandStatistics statistics) const;
    /// The fp32 multiply-add PE of the baseline with its registers (estimated).
    [[nodiscard]] PeCost fp32_pe() const;
    /// An fp32 adder or comparator (estimated).
    [[nodiscard]] PeCost fp32_adder() const;
    /// One bank: bilinear in log2(capacity) and log2(width) of log2(value). A port wider than the table's widest is
    /// ⌈width / 512⌉ equal macros side by side, each with its share of the capacity.
    [[nodiscard]] SramCost sram_bank(std::int64_t bytes, int width_bits) const;
    /// A requantizer lane (accumulator × scale, shift, round, clamp).
    [[nodiscard]] PeCost requantizer(int accumulator_bits, int multiplier_bits, int output_bits,
                                     OperandStatistics statistics) const;
    /// An adder or comparator of the vector unit.
    [[nodiscard]] PeCost adder(int bits) const;
    /// Throws InputError that lists the known types.
    [[nodiscard]] double dram_pj_per_bit_of(const std::string& type) const;
};

/// Strict reader: every problem at once, with JSON pointers.
[[nodiscard]] Technology read_technology(const std::filesystem::path& path);

}  // namespace npusim
