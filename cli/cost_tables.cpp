// Energy, area and time by component: the middle of the terminal report.
#include <algorithm>
#include <ostream>

#include "cli/format.h"
#include "cli/printers.h"

namespace npusim::cli {
namespace {

constexpr std::size_t name_width = 20;
constexpr std::size_t value_width = 11;
constexpr std::size_t share_width = 9;
constexpr double pj_per_uj = 1e6;

using Row = std::vector<std::string>;

std::string cost_row(const std::string& name, double value, double total) {
    return pad_right(name, name_width) + pad_left(with_digits(value), value_width) +
           pad_left(percent(value, total), share_width);
}

std::vector<std::string> energy_rows(const EnergyBreakdown& energy) {
    std::vector<std::string> rows;
    const double total = energy.total_pj() / pj_per_uj;
    for (const auto& [name, pj] : energy.parts())
        rows.push_back(cost_row(component_title(name), pj / pj_per_uj, total));
    rows.push_back(cost_row("total", total, total));
    rows.push_back(cost_row("on chip", energy.on_chip_pj() / pj_per_uj, total));
    return rows;
}

std::vector<std::string> area_rows(const AreaBreakdown& area) {
    std::vector<std::string> rows;
    const double total = area.total_mm2();
    for (const auto& [name, mm2] : area.parts()) rows.push_back(cost_row(component_title(name), mm2, total));
    rows.push_back(cost_row("total", total, total));
    return rows;
}

std::string cost_header(const std::string& title, const std::string& unit) {
    return pad_right(title, name_width) + pad_left(unit, value_width) + pad_left("share %", share_width);
}

constexpr std::pair<const char*, UnitCycles Counters::*> units[] = {
    {"load DMA", &Counters::load_dma},
    {"array", &Counters::array},
    {"vector unit", &Counters::vector_unit},
    {"store DMA", &Counters::store_dma},
};

/// Causes that took a cycle of any unit.
std::vector<IdleCause> causes_in(const Counters& counters) {
    std::vector<IdleCause> causes;
    for (std::size_t index = 0; index < kIdleCauses; ++index) {
        const auto cause = static_cast<IdleCause>(index);
        const bool occurs = std::any_of(std::begin(units), std::end(units),
                                        [&](const auto& unit) { return (counters.*unit.second).idle(cause) > 0; });
        if (occurs) causes.push_back(cause);
    }
    return causes;
}

}  // namespace

std::string component_title(std::string_view component) {
    if (component == "dram") return "DRAM";
    std::string title(component);
    std::replace(title.begin(), title.end(), '_', ' ');
    return title;
}

std::string cause_title(IdleCause cause) {
    switch (cause) {
        case IdleCause::activations:
            return "inputs";
        case IdleCause::accumulator:
            return "accum.";
        case IdleCause::vector_unit:
            return "vector";
        case IdleCause::fill_drain:
            return "fill";
        case IdleCause::bank_conflict:
            return "banks";
        case IdleCause::nothing:
            return "no work";
        default:
            return std::string(name_of(cause));
    }
}

void print_costs(const Report& report, const Style& style, std::ostream& out) {
    constexpr std::size_t left_width = 52;
    std::vector<std::string> left = energy_rows(report.energy);
    std::vector<std::string> right = area_rows(report.cost.area);
    right.resize(left.size());
    out << style.bold(pad_right(cost_header("energy an inference", "µJ"), left_width) + cost_header("area", "mm²"))
        << '\n';
    for (std::size_t i = 0; i < left.size(); ++i) {
        out << (right[i].empty() ? left[i] : pad_right(left[i], left_width) + right[i]) << '\n';
    }
}

void print_idle_times(const Report& report, const Style& style, std::ostream& out) {
    constexpr std::size_t unit_width = 12;
    constexpr std::size_t busy_width = 6;
    constexpr std::size_t column = 8;
    constexpr std::string_view hint = "  (idle by cause)";
    const Counters& total = report.result.total;
    const std::vector<IdleCause> causes = causes_in(total);
    std::string header = pad_right("time, %", unit_width) + pad_left("busy", busy_width) + " |";
    for (const IdleCause cause : causes) header += pad_left(cause_title(cause), column);
    out << style.bold(header) << (header.size() + hint.size() <= kReportWidth ? style.dim(hint) : "") << '\n';
    for (const auto& [name, member] : units) {
        const UnitCycles& unit = total.*member;
        const auto cycles = static_cast<double>(unit.total_cycles());
        out << pad_right(name, unit_width)
            << pad_left(percent(static_cast<double>(unit.busy_cycles), cycles), busy_width) << " |";
        for (const IdleCause cause : causes) {
            const std::uint64_t idle = unit.idle(cause);
            out << pad_left(idle == 0 ? "-" : percent(static_cast<double>(idle), cycles), column);
        }
        out << '\n';
    }
}

}  // namespace npusim::cli
