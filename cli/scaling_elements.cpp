// Exponents of multipliers and PEs by themselves: what synthesis says before any chip is made of them.
#include <functional>
#include <set>

#include "cli/scaling_report.h"

namespace npusim::cli {
namespace {

struct Element {
    std::string name;
    std::function<PeCost(int bits, OperandStatistics statistics)> cost;
    int lanes = 1;
};

std::optional<double> between(const std::map<int, double>& values, int narrow, int wide) {
    const auto low = values.find(narrow);
    const auto high = values.find(wide);
    if (low == values.end() || high == values.end()) return std::nullopt;
    return local_exponent({wide, high->second}, {narrow, low->second});
}

ElementRow row_of(const std::string& element, const std::string& quantity, const std::map<int, double>& values) {
    ElementRow row{element, quantity, values, {}, {}, {}, {}};
    std::vector<std::pair<double, std::optional<double>>> fitted;
    for (const auto& [bits, value] : values) {
        if (bits >= 2 && bits <= 8) fitted.emplace_back(bits, value);
    }
    if (const auto fit = fit_power(fitted)) row.fit_2_to_8 = fit->exponent;
    row.exponent_2_to_4 = between(values, 2, 4);
    row.exponent_4_to_8 = between(values, 4, 8);
    row.exponent_8_to_16 = between(values, 8, 16);
    return row;
}

}  // namespace

std::vector<ElementRow> element_rows(const Technology& technology) {
    constexpr int widest = 16;
    constexpr int lanes = 16;
    constexpr int wide_sum = 32;
    const auto scaled_sum = [](int bits) { return 2 * bits + 11; };
    const std::vector<Element> elements{
        {"multiplier", [&](int b, OperandStatistics s) { return technology.multiplier(b, b, s); }},
        {"16-lane dot PE", [&](int b, OperandStatistics s) { return technology.dot_pe(lanes, b, b, scaled_sum(b), s); },
         lanes},
        {"PE, 2b+11-bit sums", [&](int b, OperandStatistics s) { return technology.pe(b, b, scaled_sum(b), s); }},
        {"PE, 32-bit sums", [&](int b, OperandStatistics s) { return technology.pe(b, b, wide_sum, s); }},
    };
    std::vector<ElementRow> rows;
    for (const Element& element : elements) {
        std::map<int, double> area;
        std::map<int, double> uniform;
        std::map<int, double> realistic;
        for (int bits = 1; bits <= widest; ++bits) {
            const PeCost cost = element.cost(bits, OperandStatistics::realistic);
            const PeCost other = element.cost(bits, OperandStatistics::uniform);
            if (!cost.measured) continue;
            area[bits] = cost.area_um2;
            uniform[bits] = other.energy_fj * element.lanes + other.step_fj;
            realistic[bits] = cost.energy_fj * element.lanes + cost.step_fj;
        }
        rows.push_back(row_of(element.name, "area, um²", area));
        rows.push_back(row_of(element.name, "fJ, uniform", uniform));
        rows.push_back(row_of(element.name, "fJ, realistic", realistic));
    }
    return rows;
}

}  // namespace npusim::cli
