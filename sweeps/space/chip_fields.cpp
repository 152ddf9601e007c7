#include "npusim/sweeps/chip_fields.h"

#include <algorithm>
#include <cstddef>

#include "fields.h"
#include "npusim/base/error.h"

namespace npusim {
namespace {

using nlohmann::json;

/// Why the field cannot be set in this chip, after those before it; empty where it can.
std::string problem_of(const FieldSettings& settings, std::size_t at, const json& chip, const ArchSpec& arch) {
    const std::string& field = settings[at].first;
    if (std::string problem = design_space::pointer_problem(field); !problem.empty()) return problem;
    for (std::size_t other = 0; other < at; ++other) {
        const std::string& before = settings[other].first;
        if (before == field) return field + ": is set twice";
        if (design_space::overlap(before, field)) return field + ": overlaps " + before + ", which is set too";
    }
    if (design_space::has_parent(chip, field)) return "";
    const auto nearest = nearest_names(field, design_space::pointers_in(to_json(arch)), 1);
    return field + ": is no field of " + arch.name + (nearest.empty() ? "" : "; did you mean " + nearest.front() + "?");
}

/// An object of objects, which may be empty: the layers' own bits.
bool is_map(const json& value) {
    return value.is_object() &&
           std::all_of(value.begin(), value.end(), [](const json& one) { return one.is_object(); });
}

/// `a` has something that cannot be taken away by setting it.
bool has_more(const json& a, const json& b) {
    const auto items = a.items();
    return std::any_of(items.begin(), items.end(),
                       [&](const auto& item) { return !b.contains(item.key()) && !is_map(item.value()); });
}

void add_differences(const json& a, const json& b, const std::string& field, std::vector<FieldDifference>& found) {
    if (a == b) return;
    if (!a.is_object() || !b.is_object() || has_more(a, b)) {
        found.push_back({field, a, b});
        return;
    }
    json names = a;
    names.update(b);
    for (const auto& item : names.items()) {
        const std::string& name = item.key();
        const std::string inner = field + json::json_pointer().operator/=(name).to_string();
        if (!b.contains(name)) {
            found.push_back({inner, a.at(name), json::object()});
        } else {
            add_differences(a.contains(name) ? a.at(name) : json(), b.at(name), inner, found);
        }
    }
}

}  // namespace

ArchSpec with_fields(const ArchSpec& arch, const FieldSettings& settings, const std::string& source) {
    if (settings.empty()) return arch;
    json chip = to_json(arch);
    std::vector<std::string> problems;
    for (std::size_t at = 0; at < settings.size(); ++at) {
        const std::string problem = problem_of(settings, at, chip, arch);
        if (problem.empty()) {
            chip[json::json_pointer(settings[at].first)] = settings[at].second;
        } else {
            problems.push_back(source + ": " + problem);
        }
    }
    ArchSpec made;
    try {
        made = parse_arch(chip, source);
    } catch (const InputError& error) {
        problems.emplace_back(error.what());
    }
    if (!problems.empty()) throw InputError(problems);
    return made;
}

std::vector<FieldDifference> differences_of(const ArchSpec& a, const ArchSpec& b) {
    json first = to_json(a);
    json second = to_json(b);
    for (const char* unseen : {"name", "description"}) {
        first.erase(unseen);
        second.erase(unseen);
    }
    std::vector<FieldDifference> found;
    add_differences(first, second, "", found);
    return found;
}

}  // namespace npusim
