// Multipliers, MACs and adders of Accelergy tables: rows that the look-ups return as they are, and the base's fits put
// through them for all other widths.
#include <algorithm>
#include <cmath>

#include "accelergy_tables.h"
#include "technology_groups.h"
#include "technology_lookup.h"

namespace npusim {
namespace {

using nlohmann::json;
using Samples = std::vector<AccelergySample>;

constexpr double kFjPerPj = 1000;
constexpr std::int64_t kWidestBits = 64;
constexpr double kSmallest = 1e-3;

/// Tables of MACs do not tell the width of the sums: fits are compared at the one that a chip would take (as
/// at_uniform_bits does).
int usual_sum_bits(int bits) {
    constexpr int guard_bits = 15;
    return 2 * bits + guard_bits;
}

struct Point {
    int bits = 0;
    double value = 0;
};

std::vector<double> terms_at(const std::string& fit, int bits) {
    const double b = bits;
    if (fit.starts_with("pe_w1")) return {b, 1.0 * usual_sum_bits(bits)};
    if (fit.starts_with("pe")) return {b * b, 2 * b, 1.0 * usual_sum_bits(bits)};
    if (fit.starts_with("adder")) return {b, b * std::log2(b)};
    return {b * b, 2 * b, 1.0};
}

/// The widths for which the fit now stands. Nothing is imported of one bit times more, so the fits of one-bit weights
/// stand for 1 × 1 only, or for none (0 bits).
json valid_of(const std::string& name, const Fit& fit, const std::vector<Point>& points) {
    const auto [low, high] = std::minmax_element(points.begin(), points.end(),
                                                 [](const Point& a, const Point& b) { return a.bits < b.bits; });
    const json all = {low->bits, high->bits};
    const int one = low->bits == 1 ? 1 : 0;
    json valid = json::object();
    for (const auto& [variable, range] : fit.valid) valid[variable] = {range.first, range.second};
    if (name.starts_with("pe_w1")) {
        valid["a"] = {one, one};
    } else if (name.starts_with("adder")) {
        valid["c"] = all;
    } else {
        valid["w"] = valid["a"] = all;
    }
    return valid;
}

std::string unit_of(const std::string& fit) {
    return fit.ends_with("area") ? "um2" : "fJ per operation";
}

/// The base's fits, all by one factor, as near to the points as that comes.
void put_through(const std::vector<std::string>& names, const std::vector<Point>& points, const std::string& source,
                 AccelergyGroups& out) {
    if (points.empty()) return;
    std::vector<double> ratios;
    for (const Point& point : points) {
        const bool has_own = point.bits == 1 && names.size() > 1;
        const std::string& name = has_own ? names.back() : names.front();
        const double fitted_value = evaluate(out.base.fits.at(name), terms_at(name, point.bits));
        if (fitted_value > 0) ratios.push_back(point.value / fitted_value);
    }
    const CommonFactor factor = common_factor(ratios);
    for (const std::string& name : names) {
        const Fit& fit = out.base.fits.at(name);
        json coefficients = json::array();
        for (const double coefficient : fit.coefficients) coefficients.push_back(coefficient * factor.value);
        constexpr double kMost = 10;
        out.fits.push_back(
            {{"name", name},
             {"terms", fit_terms(name)},
             {"coefficients", coefficients},
             {"valid", valid_of(name, fit, points)},
             {"max_relative_error", std::min(std::max(fit.max_relative_error, factor.spread - 1), kMost)},
             {"points", points.size()},
             {"unit", unit_of(name)},
             {"source", source + ": the fit of " + out.base.name + " times one factor"}});
    }
}

json mac_row(const char* kind, int bits, double area_um2, double leakage_nw, double path_ns, double energy_fj) {
    constexpr double ps_per_ns = 1000;
    return json::array({kind, bits, bits, 0, 1, std::max(area_um2, kSmallest), std::max(leakage_nw, kSmallest),
                        path_ns * ps_per_ns, energy_fj, energy_fj});
}

/// Rows of a width that no PE has are left out.
bool has_width(const AccelergySample& sample, AccelergyGroups& out) {
    if (sample.size("datawidth") <= kWidestBits) return true;
    out.leave(sample, "wider than " + std::to_string(kWidestBits) + " bits, which no part of a chip is");
    return false;
}

int bits_of(const AccelergySample& sample) {
    return static_cast<int>(sample.size("datawidth"));
}

std::string width_text(const AccelergySample& sample) {
    return std::to_string(bits_of(sample)) + "-bit ";
}

void note_source(const AccelergySample& sample, const std::string& kind, AccelergyGroups& out) {
    out.mac_sources.push_back(kind + ": " + out.source_of(sample) + " (energies; areas where it has them)");
}

/// Where no row has an area, the base's fits of it stay as they are; where some have, the others stand with the base's.
bool have_areas(const Samples& samples) {
    return std::any_of(samples.begin(), samples.end(), [](const auto& sample) { return sample.area_um2 > 0; });
}

void add_macs(const Samples& samples, AccelergyGroups& out) {
    const bool whole = out.mac == AccelergyMac::whole_pe;
    const Technology& base = out.base;
    std::vector<Point> energies;
    std::vector<Point> areas;
    for (const AccelergySample& sample : samples) {
        if (!has_width(sample, out)) continue;
        const int bits = bits_of(sample);
        const int sum_bits = usual_sum_bits(bits);
        const PeCost pe = base.pe(bits, bits, sum_bits, OperandStatistics::uniform);
        // What a MAC alone has less than a PE.
        const int register_bits = whole ? 0 : 2 * bits + sum_bits;
        const int clocked_bits = whole ? 0 : bits + sum_bits;
        constexpr double kLeastShare = 0.1;
        const auto without = [&](double figure, double per_bit) {
            return std::max(figure - register_bits * per_bit, kLeastShare * figure);
        };
        const double area_um2 =
            sample.area_um2 > 0 ? sample.area_um2 : without(pe.area_um2, base.register_area_um2_per_bit);
        const double energy_fj = sample.energy_pj * kFjPerPj;
        out.mac_rows.push_back(mac_row(whole ? "pe" : "mac", bits, area_um2,
                                       without(pe.leakage_nw, base.register_leakage_nw_per_bit), pe.critical_path_ns,
                                       energy_fj));
        energies.push_back({bits, energy_fj + clocked_bits * base.register_data_fj_per_bit_cycle});
        areas.push_back({bits, area_um2 + register_bits * base.register_area_um2_per_bit});
        out.use(sample, width_text(sample) +
                            (whole ? "PE, its registers included: " : "MAC, a PE adds its registers: ") +
                            energy_text(sample.energy_pj));
    }
    if (energies.empty()) return;
    note_source(samples.front(), whole ? "pe" : "mac", out);
    const std::string source = out.source_of(samples.front());
    for (const std::string statistics : {"uniform", "realistic"}) {
        put_through({"pe_energy_" + statistics, "pe_w1_energy_" + statistics}, energies, source, out);
    }
    if (have_areas(samples)) put_through({"pe_area", "pe_w1_area"}, areas, source, out);
}

void add_multipliers(const Samples& samples, AccelergyGroups& out) {
    std::vector<Point> energies;
    std::vector<Point> areas;
    for (const AccelergySample& sample : samples) {
        if (!has_width(sample, out)) continue;
        const int bits = bits_of(sample);
        const PeCost own = out.base.multiplier(bits, bits, OperandStatistics::uniform);
        const double energy_fj = sample.energy_pj * kFjPerPj;
        const double area_um2 = sample.area_um2 > 0 ? sample.area_um2 : own.area_um2;
        out.mac_rows.push_back(mac_row("mul", bits, area_um2, own.leakage_nw, own.critical_path_ns, energy_fj));
        areas.push_back({bits, area_um2});
        energies.push_back({bits, energy_fj});
        out.use(sample, width_text(sample) + "multiplier: " + energy_text(sample.energy_pj));
    }
    if (energies.empty()) return;
    note_source(samples.front(), "mul", out);
    const std::string source = out.source_of(samples.front());
    for (const std::string statistics : {"uniform", "realistic"}) {
        put_through({"multiplier_energy_" + statistics}, energies, source, out);
    }
    if (have_areas(samples)) put_through({"multiplier_area"}, areas, source, out);
}

void add_adders(const Samples& samples, AccelergyGroups& out) {
    std::vector<Point> energies;
    std::vector<Point> areas;
    for (const AccelergySample& sample : samples) {
        if (!has_width(sample, out)) continue;
        const int bits = bits_of(sample);
        const PeCost own = out.base.adder(bits);
        const double energy_fj = sample.energy_pj * kFjPerPj;
        const double area_um2 = sample.area_um2 > 0 ? sample.area_um2 : own.area_um2;
        areas.push_back({bits, area_um2});
        out.mac_rows.push_back(mac_row("add", bits, area_um2, out.base.logic_leakage_nw_per_um2 * area_um2,
                                       own.critical_path_ns, energy_fj));
        energies.push_back({bits, energy_fj});
        out.use(sample, width_text(sample) + "adder of the vector unit: " + energy_text(sample.energy_pj));
    }
    if (energies.empty()) return;
    note_source(samples.front(), "add", out);
    const std::string source = out.source_of(samples.front());
    put_through({"adder_energy_uniform"}, energies, source, out);
    if (have_areas(samples)) put_through({"adder_area"}, areas, source, out);
}

/// fp32 has 8 bits of exponent and 24 of mantissa, the hidden one counted or not.
const AccelergySample* fp32_sample(const AccelergySamples& samples, const std::string& name, AccelergyGroups& out) {
    const AccelergySample* found = nullptr;
    if (!samples.contains(name)) return nullptr;
    for (const AccelergySample& sample : samples.at(name)) {
        const std::int64_t mantissa = sample.size("mantissa");
        if (sample.size("exponent") != 8 || (mantissa != 23 && mantissa != 24)) {
            out.leave(sample, "no fp32 (8 bits of exponent, 23 or 24 of mantissa), the one format that is imported");
        } else if (found != nullptr) {
            out.leave(sample, "a row above is of fp32 already");
        } else {
            found = &sample;
            out.use(sample, "fp32 " + sample.action.substr(0, 3) + ": " + energy_text(sample.energy_pj));
        }
    }
    return found;
}

}  // namespace

void add_accelergy_logic(const AccelergySamples& samples, AccelergyGroups& out) {
    if (samples.contains("intmac")) add_macs(samples.at("intmac"), out);
    if (samples.contains("intmultiplier")) add_multipliers(samples.at("intmultiplier"), out);
    if (samples.contains("intadder")) add_adders(samples.at("intadder"), out);
}

void add_accelergy_fp32(const AccelergySamples& samples, AccelergyGroups& out) {
    const AccelergySample* mac = fp32_sample(samples, "fpmac", out);
    const AccelergySample* add = fp32_sample(samples, "fpadder", out);
    if (mac == nullptr && add == nullptr) return;
    const FloatingUnits& own = out.base.floating.at(NumberFormat::fp32);
    const auto energy_fj = [](const AccelergySample* sample, double fallback) {
        return sample != nullptr ? sample->energy_pj * kFjPerPj : fallback;
    };
    const auto area_um2 = [](const AccelergySample* sample, double fallback) {
        return sample != nullptr && sample->area_um2 > 0 ? sample->area_um2 : fallback;
    };
    std::string source;
    if (mac != nullptr) source = "multiply-add: " + out.source_of(*mac) + "; ";
    if (add != nullptr) source += "add: " + out.source_of(*add) + "; ";
    out.groups["fp32"] = {{"mac_energy_fj", energy_fj(mac, own.mac_energy_fj)},
                          {"mac_area_um2", area_um2(mac, own.mac_area_um2)},
                          {"mac_relative_error", own.mac_relative_error},
                          {"add_energy_fj", energy_fj(add, own.add_energy_fj)},
                          {"add_area_um2", area_um2(add, own.add_area_um2)},
                          {"add_relative_error", own.add_relative_error},
                          {"unit", "fJ per operation, um2 of cell area; relative errors are factors of 1 + error"},
                          {"source", source + "errors and what the tables do not have: " + out.base.name}};
}

}  // namespace npusim
