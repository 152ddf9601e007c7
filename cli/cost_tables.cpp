// Energy, area and time by component: the middle of the terminal report.
#include <algorithm>
#include <optional>
#include <ostream>

#include "cli/format.h"
#include "cli/printers.h"

namespace npusim::cli {
namespace {

constexpr std::size_t name_width = 19;
constexpr std::size_t value_width = 8;
constexpr std::size_t share_width = 8;
constexpr std::size_t range_width = 14;
constexpr double pj_per_uj = 1e6;

/// A figure, and where its known errors end.
struct Figure {
    double value = 0;
    std::optional<std::pair<double, double>> range;
};

/// In as many digits as leave it apart from its neighbour.
std::string range_text(const Figure& figure) {
    if (!figure.range) return "";
    std::string text;
    for (int digits = 4; digits > 0; --digits) {
        text = with_digits(figure.range->first, digits) + "-" + with_digits(figure.range->second, digits);
        if (text.size() < range_width) return text;
    }
    return " " + text;
}

/// What the energies of a table are given in: a layer alone may take too little for the usual one.
struct EnergyUnit {
    double pj;
    const char* name;
};
EnergyUnit energy_unit(const Report& report) {
    constexpr EnergyUnit usual{pj_per_uj, "µJ"}, small{1e3, "nJ"};
    return report.energy.total_pj() < usual.pj ? small : usual;
}

std::string cost_row(const std::string& name, const Figure& figure, double total) {
    return pad_right(name, name_width) + pad_left(with_digits(figure.value), value_width) +
           pad_left(percent(figure.value, total), share_width) + pad_left(range_text(figure), range_width);
}

using Parts = std::vector<std::pair<std::string, double>>;

/// Parts in their order, then the totals.
std::vector<std::string> cost_rows(const Parts& parts, const std::optional<std::pair<Parts, Parts>>& ends, double unit,
                                   double total) {
    std::vector<std::string> rows;
    rows.reserve(parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
        Figure figure{parts[i].second / unit, {}};
        if (ends) figure.range = {ends->first[i].second / unit, ends->second[i].second / unit};
        rows.push_back(cost_row(component_title(parts[i].first), figure, total / unit));
    }
    return rows;
}

Parts with_totals(const EnergyBreakdown& energy) {
    Parts parts = energy.parts();
    parts.emplace_back("total", energy.total_pj());
    parts.emplace_back("on_chip", energy.on_chip_pj());
    return parts;
}

Parts with_totals(const AreaBreakdown& area) {
    Parts parts = area.parts();
    parts.emplace_back("total", area.total_mm2());
    return parts;
}

std::vector<std::string> energy_rows(const Report& report) {
    std::optional<std::pair<Parts, Parts>> ends;
    const Counters& total = report.result.total;
    if (report.bounds) {
        ends = {with_totals(report.bounds->low.energy(total)), with_totals(report.bounds->high.energy(total))};
    }
    return cost_rows(with_totals(report.energy), ends, energy_unit(report).pj, report.energy.total_pj());
}

std::vector<std::string> area_rows(const Report& report) {
    std::optional<std::pair<Parts, Parts>> ends;
    if (report.bounds) ends = {with_totals(report.bounds->low.area), with_totals(report.bounds->high.area)};
    return cost_rows(with_totals(report.cost.area), ends, 1, report.cost.area.total_mm2());
}

std::string cost_header(const std::string& title, const std::string& unit, bool ranges) {
    return pad_right(title, name_width) + pad_left(unit, value_width) + pad_left("share %", share_width) +
           (ranges ? pad_left("known errors", range_width) : "");
}

/// What the operands of the images change: the default price is that of half zeros.
std::string data_text(const Report& report, double share) {
    const EnergyBreakdown energy = report.cost.energy(report.result.total, share);
    std::string text = "With the " + percent(share, 1) + " % zero activations of the images that ran, instead of " +
                       percent(kRealisticZeroShare, 1) + " %: array " + with_digits(energy.array_pj / pj_per_uj) +
                       " µJ, total " + with_digits(energy.total_pj() / pj_per_uj) + " µJ.";
    if (share > kLargestPricedZeroShare) {
        text += " No more than " + percent(kLargestPricedZeroShare, 1) + " % are priced.";
    }
    return text;
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
    constexpr std::size_t left_width = 51;
    std::vector<std::string> left = energy_rows(report);
    std::vector<std::string> right = area_rows(report);
    right.resize(left.size());
    const bool ranges = report.bounds.has_value();
    out << style.bold(pad_right(cost_header(report.result.batch > 1 ? "energy a batch" : "energy an inference",
                                            energy_unit(report).name, ranges),
                                left_width) +
                      cost_header("area", "mm²", ranges))
        << '\n';
    for (std::size_t i = 0; i < left.size(); ++i) {
        out << (right[i].empty() ? left[i] : pad_right(left[i], left_width) + right[i]) << '\n';
    }
    if (const auto share = zero_share_of(report.proof)) {
        for (const std::string& line : wrap_text(data_text(report, *share), kReportWidth)) out << line << '\n';
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
