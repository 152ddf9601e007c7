// The fits of a technology table, read strictly.
#include <algorithm>
#include <set>

#include "technology_groups.h"

namespace npusim {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

constexpr Range<double> not_negative{0, 1e12};
constexpr Range<double> any_number{-1e12, 1e12};

/// The terms that each fit must have, in the order in which technology.cpp evaluates them.
const std::vector<std::pair<std::string, Names>> known_fits{
    {"pe_area", {"w*a", "w+a", "c"}},
    {"pe_leakage", {"w*a", "w+a", "c"}},
    {"pe_energy_uniform", {"w*a", "w+a", "c"}},
    {"pe_energy_realistic", {"w*a", "w+a", "c"}},
    {"pe_w1_area", {"a", "c"}},
    {"pe_w1_energy_uniform", {"a", "c"}},
    {"pe_w1_energy_realistic", {"a", "c"}},
    {"dot_area", {"L*w*a", "L*(w+a)", "c"}},
    {"dot_energy_uniform", {"L*w*a", "L*(w+a)", "c"}},
    {"dot_energy_realistic", {"L*w*a", "L*(w+a)", "c"}},
    {"multiplier_area", {"w*a", "w+a", "1"}},
    {"multiplier_energy_uniform", {"w*a", "w+a", "1"}},
    {"multiplier_energy_realistic", {"w*a", "w+a", "1"}},
    {"requantizer_area", {"c*s", "c+s", "o"}},
    {"requantizer_energy_uniform", {"c*s", "c+s", "o"}},
    {"requantizer_energy_realistic", {"c*s", "c+s", "o"}},
    {"adder_area", {"c", "c*log2(c)"}},
    {"adder_energy_uniform", {"c", "c*log2(c)"}},
};

std::map<std::string, std::pair<double, double>> read_valid(JsonReader valid) {
    std::map<std::string, std::pair<double, double>> ranges;
    for (const std::string& variable : valid.keys()) {
        const std::vector<double> ends = valid.numbers(variable, not_negative);
        if (ends.size() == 2 && ends[0] <= ends[1]) {
            ranges[variable] = {ends[0], ends[1]};
        } else {
            valid.problem(variable, "the lowest and the highest value are needed");
        }
    }
    return ranges;
}

void read_fit(JsonReader& reader, Technology& technology, std::set<std::string>& seen) {
    const Names terms = reader.choice("name", known_fits);
    const std::string name = reader.text("name");
    Fit fit;
    fit.coefficients = reader.numbers("coefficients", any_number);
    fit.valid = read_valid(reader.object("valid"));
    fit.max_relative_error = reader.number("max_relative_error", {0, 10});
    reader.number_or("mean_relative_error", {0, 10}, 0);
    reader.integer_or("points", {1, 1000000}, 1);
    const json& given_terms = reader.raw("terms");
    if (!given_terms.is_null() && given_terms != json(terms)) reader.problem("terms", "must be " + json(terms).dump());
    if (fit.coefficients.size() != terms.size()) reader.problem("coefficients", "one for each term is needed");
    if (!seen.insert(name).second) reader.problem("name", "\"" + name + "\" is given twice");
    finish_group(reader);
    technology.fits[name] = std::move(fit);
}

}  // namespace

const Names& fit_terms(const std::string& name) {
    const auto found =
        std::find_if(known_fits.begin(), known_fits.end(), [&](const auto& fit) { return fit.first == name; });
    return found->second;
}

/// Unit and source are required; the rest explains.
void finish_group(JsonReader& group) {
    for (const auto& key : {"unit", "source"}) {
        const bool is_empty = group.text(key).empty() && group.has(key) && group.raw(key).is_string();
        if (is_empty) group.problem(key, "must not be empty: every figure names its unit and its source");
    }
    for (const auto& key : {"error_bound", "note"}) group.text_or(key, "");
    group.reject_unknown_keys();
}

void read_fits(JsonReader& root, Technology& technology) {
    std::set<std::string> seen;
    for (JsonReader& fit : root.objects("fits")) read_fit(fit, technology, seen);
    for (const auto& [name, terms] : known_fits) {
        if (!technology.fits.contains(name)) root.problem("fits", "the fit \"" + name + "\" is missing");
    }
}

}  // namespace npusim
