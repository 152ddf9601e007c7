// A technology table: measured energies and areas with their sources, and the look-ups that the cost model makes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "npusim/arch/arch_spec.h"

namespace npusim {

/// Which operands the PE energies were measured with.
enum class OperandStatistics {
    realistic,  ///< weights N(0, 2^(w−1)/3), activations half zero, else half-normal
    uniform,
};

/// The truth lies between estimate · low and estimate · high, as far as the errors of the model are known.
struct ErrorBand {
    double low = 1;
    double high = 1;
    /// Both errors at once, in the same direction.
    friend ErrorBand operator*(const ErrorBand& a, const ErrorBand& b) { return {a.low * b.low, a.high * b.high}; }
    /// Of a fit with |fit / truth − 1| up to `error`; from 1 on, a factor of 1 + error either way.
    [[nodiscard]] static ErrorBand of_relative_error(double error);
    /// A factor of at least 1 either way.
    [[nodiscard]] static ErrorBand of_factor(double factor) { return {1 / factor, factor}; }
};

/// One synthesized PE or multiplier.
struct MacRow {
    /// "mul": multiplier; "pe", "os": weight- and output-stationary PE; "dot": `lanes` products into one sum;
    /// "bit_serial": `lanes` products of one activation bit; "composable": a unit in the mode of `lanes` products;
    /// "mac": a scalar PE without its registers; "add": an adder of `weight_bits`.
    std::string kind;
    int weight_bits = 0;
    int activation_bits = 0;
    int accumulator_bits = 0;  ///< 0 for a multiplier, MAC or adder, and for a PE with sums of any width
    int lanes = 1;             ///< products in a step, which is what the energies are of
    double area_um2 = 0;
    double leakage_nw = 0;
    double critical_path_ps = 0;  ///< 0: not known
    double energy_uniform_fj = 0;
    double energy_realistic_fj = 0;
    bool scaled = false;  ///< from another node
};

/// value = Σ coefficient × term of a synthesis fit; which terms, the name of the fit says (see technology.cpp).
struct Fit {
    std::vector<double> coefficients;
    /// The points of the fit by variable (w, a, c: operand and accumulator bits; s, o: multiplier and output bits).
    std::map<std::string, std::pair<double, double>> valid;
    double max_relative_error = 0;
    bool scaled = false;  ///< from another node
};

/// What a PE whose sum stays takes of the weight-stationary one with the same operands and sum.
struct OutputStationaryRatio {
    double bits = 0;  ///< √(w·a)
    double area = 1;
    double leakage = 1;
    double energy_uniform = 1;
    double energy_realistic = 1;
};

/// Factors by which interpolation may be wrong halfway between two points of a table's axis, either way.
struct SramErrors {
    double read = 1;
    double write = 1;
    double area = 1;
};

/// What a bank with a second port takes of one with one.
struct SecondPort {
    double energy = 1;
    double area = 1;
    double leakage = 1;
    double error_factor = 1;
};

/// One bank that is known by itself; NaN for a figure that is not.
struct SramPoint {
    double capacity_bytes = 0;
    double width_bits = 0;
    int ports = 1;
    double read_pj = 0;
    double write_pj = 0;
    double area_mm2 = 0;
};

struct SramTable {
    std::vector<double> capacity_bytes;
    std::vector<double> width_bits;
    /// [capacity][width]; NaN where the SRAM compiler found no solution.
    std::vector<std::vector<double>> read_pj, write_pj, area_mm2, leakage_mw, access_ns;
    SramErrors along_capacity, along_width;
    SecondPort second_port;
    /// Banks that a look-up returns as they are. Where there are some, the matrices are trusted only between them, and
    /// up to the factors of `beside_points` more.
    std::vector<SramPoint> points;
    SramErrors beside_points;
};

/// A multiply-add into an fp32 sum and an fp32 adder, as a format needs them: estimates; see the table's source.
struct FloatingUnits {
    double mac_energy_fj = 0;  ///< arithmetic alone, without registers
    double mac_area_um2 = 0;
    double mac_relative_error = 0;  ///< 1.2: a factor of 2.2 either way
    double add_energy_fj = 0;
    double add_area_um2 = 0;
    double add_relative_error = 0;
};

/// A PE that multiplies narrower data than it was built for: `factor` of its own energy an operation.
struct NarrowRow {
    int pe_bits = 8;
    int data_bits = 4;
    double factor = 1;
};

/// How a table's logic answers to its supply.
struct VoltageLaw {
    double threshold_v = 0;  ///< delay ~ V / (V − threshold)^alpha
    double alpha = 1;
    double lowest_v = 0;  ///< where the law is trusted
    double highest_v = 0;
};

struct PeCost {
    double area_um2 = 0;
    double leakage_nw = 0;
    double energy_fj = 0;  ///< per operation, all lanes at work
    /// The part of a step's energy that does not depend on how many products it has: 0 where a step is one product.
    double step_fj = 0;
    double critical_path_ns = 0;  ///< 0 where no measurement is near
    bool measured = false;        ///< a row of the table, not the formula
    double relative_error = 0;    ///< bound of the formula; 0 when measured
    bool in_range = true;         ///< false: beyond the points of the fit, so the bound does not hold
    ErrorBand energy_band, area_band, leakage_band;
};

struct SramCost {
    double read_pj = 0;  ///< one access of the full width
    double write_pj = 0;
    double area_mm2 = 0;
    double leakage_mw = 0;
    double access_ns = 0;
    bool measured = false;  ///< one of the table's own banks
    bool in_range = true;   ///< false: beyond the table, extrapolated along the edge's slope
    ErrorBand read_band, write_band, area_band, leakage_band;
};

/// Factors by which the figures of a table that was made from another node's may be wrong.
struct NodeErrors {
    double logic_energy = 1;
    double logic_area = 1;
    double logic_leakage = 1;
    double sram_energy = 1;
    double sram_area = 1;
    double sram_leakage = 1;
};

/// The table of one node. All values are at the voltage `vdd_v`.
struct Technology {
    std::string name;
    std::string file;
    std::string content_hash;  ///< of the file, and of the one that it builds on
    std::string based_on;      ///< name of the table that other figures are from; empty: all are its own
    int node_nm = 45;
    double vdd_v = 1.1;
    double cell_utilization = 0.7;  ///< placed area = cell area / this
    std::vector<MacRow> mac_rows;
    double mac_row_relative_error = 0;  ///< statistical noise of the rows' energies
    std::vector<NarrowRow> narrow_rows;
    std::map<std::string, Fit> fits;
    /// By ascending bits: of the rows "os" and of the PEs that the same file has; a table that builds on another keeps
    /// that one's unless it has such rows itself.
    std::vector<OutputStationaryRatio> output_stationary_ratios;
    NodeErrors node_errors;
    VoltageLaw voltage;
    double register_area_um2_per_bit = 0;
    double register_leakage_nw_per_bit = 0;
    double register_clock_fj_per_bit_cycle = 0;
    double register_data_fj_per_bit_cycle = 0;  ///< the clock and uniform data
    double logic_leakage_nw_per_um2 = 0;        ///< for units whose leakage has no fit
    double weight_load_fj_per_bit = 0;
    double weight_load_error_factor = 1;
    std::map<NumberFormat, FloatingUnits> floating;  ///< fp32 always, other formats where the table has them
    SramTable sram;
    std::map<std::string, double> dram_pj_per_bit;
    double dram_error_factor = 1;
    double wire_pj_per_bit_mm = 0;
    double wire_toggle_probability = 0;
    double wire_error_factor = 1;

    /// A weight-stationary PE with its registers. A measured row where there is one (of the PE, or of its MAC, to which
    /// the clocked registers of activation and sum are added), the formula elsewhere.
    [[nodiscard]] PeCost pe(int weight_bits, int activation_bits, int accumulator_bits,
                            OperandStatistics statistics) const;
    /// One in which the sum stays and both operands move, the weight's register included. A measured row; elsewhere the
    /// weight-stationary PE times what such rows take of it, on the line between rows in log2 √(w·a), within all that
    /// the rows differ. Out of range beyond them, and without any.
    [[nodiscard]] PeCost output_stationary_pe(int weight_bits, int activation_bits, int accumulator_bits,
                                              OperandStatistics statistics) const;
    /// A bare multiplier: row or formula.
    [[nodiscard]] PeCost multiplier(int weight_bits, int activation_bits, OperandStatistics statistics) const;
    /// A PE that sums the products of `lanes` multipliers: row or formula.
    [[nodiscard]] PeCost dot_pe(int lanes, int weight_bits, int activation_bits, int accumulator_bits,
                                OperandStatistics statistics) const;
    /// A PE of `lanes` products whose activations enter bit by bit. An operation is one product of one activation bit.
    /// Linear between the synthesized weights and lanes, in range only there.
    [[nodiscard]] PeCost bit_serial_pe(int lanes, int weight_bits, int accumulator_bits,
                                       OperandStatistics statistics) const;
    /// A PE of ⌈w/2⌉·⌈a/2⌉ bricks of 2 × 2 bits in the mode in which a product has `mode_weight_bits` ×
    /// `mode_activation_bits` (rounded up to 2, 4 or 8), and as many products as bricks allow run in a step. In range
    /// only for the synthesized unit in its synthesized modes.
    [[nodiscard]] PeCost composable_pe(int weight_bits, int activation_bits, int accumulator_bits, int mode_weight_bits,
                                       int mode_activation_bits, OperandStatistics statistics) const;
    /// The share of its energy that an operation of a scalar PE takes with narrower data (sign-extended, least
    /// significant bits aligned), by how often both operands are halved: ascending points, the first (0, 1). Linear
    /// between them; beyond the last nothing more is saved.
    [[nodiscard]] std::vector<std::pair<double, double>> narrow_factors(int pe_weight_bits,
                                                                        int pe_activation_bits) const;
    /// The same table with its logic at another supply: energy ~ V², leakage ~ V², delay by `voltage`. SRAM and DRAM
    /// keep their own supplies.
    [[nodiscard]] Technology at_voltage(double voltage_v) const;
    /// Throws InputError for a format that the table does not have.
    [[nodiscard]] const FloatingUnits& floating_units(NumberFormat format) const;
    /// The multiply-add PE of a floating-point baseline with its registers (estimated). Where the sum stays both
    /// operands' registers are clocked, else only that of the one that streams.
    [[nodiscard]] PeCost floating_pe(NumberFormat format, Dataflow dataflow) const;
    /// An adder or comparator of its vector unit, which has fp32 sums (estimated).
    [[nodiscard]] PeCost floating_adder(NumberFormat format) const;
    /// One bank: bilinear in log2(capacity) and log2(width) of log2(value). A port wider than the table's widest is
    /// ⌈width / 512⌉ equal macros side by side, each with its share of the capacity.
    [[nodiscard]] SramCost sram_bank(std::int64_t bytes, int width_bits, int ports = 1) const;
    /// A requantizer lane (accumulator × scale, shift, round, clamp).
    [[nodiscard]] PeCost requantizer(int accumulator_bits, int multiplier_bits, int output_bits,
                                     OperandStatistics statistics) const;
    /// An adder or comparator of the vector unit: row or formula.
    [[nodiscard]] PeCost adder(int bits) const;
    /// Throws InputError that lists the known types.
    [[nodiscard]] double dram_pj_per_bit_of(const std::string& type) const;
};

/// Strict reader: every problem at once, with JSON pointers. A file either has every group, or says with "based_on"
/// which other table it scales and by what ("scale"; without it the figures are taken as they are), and replaces the
/// groups that it has itself. The other table is looked for beside the file, then in the folder `shipped`.
[[nodiscard]] Technology read_technology(const std::filesystem::path& path, const std::filesystem::path& shipped = {});
/// The same of a text that is, or will be, the content of `path`.
[[nodiscard]] Technology parse_technology(const std::string& text, const std::filesystem::path& path,
                                          const std::filesystem::path& shipped = {});

}  // namespace npusim
