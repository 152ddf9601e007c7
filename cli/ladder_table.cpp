// The ladder of precisions: what each rung costs, and how each component scales.
#include <cmath>
#include <cstdio>
#include <map>
#include <ostream>

#include "cli/format.h"
#include "cli/printers.h"

namespace npusim::cli {
namespace {

constexpr double pj_per_mj = 1e9;
constexpr std::size_t first_column = 10;
constexpr std::size_t column = 13;

std::string exponent_text(const std::optional<double>& exponent) {
    if (!exponent) return "-";
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", *exponent);
    return text;
}

const ComponentExponents* find(const PrecisionLadder& ladder, const std::string& component) {
    for (const ComponentExponents& row : ladder.exponents) {
        if (row.component == component) return &row;
    }
    return nullptr;
}

void print_rungs(const PrecisionLadder& ladder, const Style& style, std::ostream& out) {
    std::string header = pad_right("bits", first_column);
    for (const char* title : {"cycles", "ms", "frames/s", "mJ", "mJ on chip", "mm²"}) header += pad_left(title, column);
    out << style.bold(header) << '\n';
    for (const LadderRung& rung : ladder.rungs) {
        std::string row = pad_right(std::to_string(rung.bits), first_column);
        if (!rung.failure.empty()) {
            const auto lines = wrap_text(rung.failure, kReportWidth - first_column);
            for (const std::string& line : lines) {
                out << row << style.warning(line) << '\n';
                row = std::string(first_column, ' ');
            }
            continue;
        }
        row += pad_left(thousands(rung.total.total_cycles), column);
        const double frames_per_s = static_cast<double>(ladder.batch) * 1000 / rung.milliseconds;
        for (const double value : {rung.milliseconds, frames_per_s, rung.energy.total_pj() / pj_per_mj,
                                   rung.energy.on_chip_pj() / pj_per_mj, rung.area.total_mm2()}) {
            row += pad_left(with_digits(value), column);
        }
        out << row << '\n';
    }
}

void print_exponents(const PrecisionLadder& ladder, const Style& style, std::ostream& out) {
    constexpr std::size_t narrow = 9;
    const std::pair<const char*, const char*> columns[] = {{"total", "total"},
                                                           {"on_chip", "on chip"},
                                                           {"array", "array"},
                                                           {"weight_buffer", "weights"},
                                                           {"activation_buffer", "activ."},
                                                           {"accumulator_buffer", "accum."},
                                                           {"vector_unit", "vector"},
                                                           {"dram", "DRAM"},
                                                           {"leakage", "leakage"}};
    std::string header = pad_right("~ bits^x", first_column);
    std::string energy = pad_right("x energy", first_column);
    std::string area = pad_right("x area", first_column);
    for (const auto& [component, title] : columns) {
        const ComponentExponents* row = find(ladder, component);
        header += pad_left(title, narrow);
        energy += pad_left(row != nullptr ? exponent_text(row->energy) : "-", narrow);
        area += pad_left(row != nullptr ? exponent_text(row->area) : "-", narrow);
    }
    out << style.bold(header) << '\n' << energy << '\n' << area << '\n';
}

const std::map<std::string, std::string>& remedies() {
    static const std::map<std::string, std::string> table{
        {"array", "the partial-sum registers do not shrink with the operands: sum several products in a PE"},
        {"weight_buffer", "reuse each weight longer: larger tiles of pixels"},
        {"activation_buffer", "reuse each activation longer: more columns"},
        {"accumulator_buffer", "sum more products before they are stored: more rows, narrower accumulators"},
        {"vector_unit", "its adders are as wide as the accumulators: narrow those"},
        {"dram", "move fewer bytes: larger buffers, fused layers"},
        {"leakage", "finish sooner: higher utilization, more bandwidth"},
    };
    return table;
}

}  // namespace

std::string quadratic_verdict(const PrecisionLadder& ladder) {
    const LadderRung* wide = nullptr;
    const LadderRung* narrow = nullptr;
    for (const LadderRung& rung : ladder.rungs) {
        if (!rung.failure.empty()) continue;
        if (wide == nullptr || rung.bits > wide->bits) wide = &rung;
        if (narrow == nullptr || rung.bits < narrow->bits) narrow = &rung;
    }
    if (wide == narrow) return "";
    const double promised = std::pow(static_cast<double>(narrow->bits) / wide->bits, 2);
    std::string worst;
    double worst_excess_pj = 0;
    double worst_pj = 0;
    const auto wide_parts = wide->energy.parts();
    const auto narrow_parts = narrow->energy.parts();
    for (std::size_t i = 0; i < narrow_parts.size(); ++i) {
        const double excess_pj = narrow_parts[i].second - wide_parts[i].second * promised;
        if (excess_pj <= worst_excess_pj) continue;
        worst_excess_pj = excess_pj;
        worst_pj = narrow_parts[i].second;
        worst = narrow_parts[i].first;
    }
    if (worst.empty()) return "Energy falls at least with the square of the bits.";
    const ComponentExponents* row = find(ladder, worst);
    return "Farthest from bits²: " + component_title(worst) + " (exponent " +
           exponent_text(row != nullptr ? row->energy : std::nullopt) + ", " +
           percent(worst_pj, narrow->energy.total_pj()) + " % of the energy at " + std::to_string(narrow->bits) +
           " bits); " + remedies().at(worst) + ".";
}

void print_ladder(const PrecisionLadder& ladder, const Style& style, std::ostream& out) {
    print_rungs(ladder, style, out);
    print_exponents(ladder, style, out);
    for (const std::string& line : wrap_text(quadratic_verdict(ladder), kReportWidth)) out << line << '\n';
}

}  // namespace npusim::cli
