#include "space_check.h"

#include <algorithm>
#include <cstddef>
#include <set>

#include "fields.h"
#include "npusim/base/error.h"

namespace npusim::design_space {
namespace {

using nlohmann::json;

std::string hint(const std::string& word, const std::vector<std::string>& known) {
    const std::vector<std::string> nearest = nearest_names(word, known, 1);
    return nearest.empty() ? "" : "; did you mean " + nearest.front() + "?";
}

/// The chips that fields are set in: one for each setting of "bits".
std::vector<json> starting_chips(const SweepSpec& spec, ChipMaker& maker) {
    std::set<std::optional<int>> bits;
    for (const SweepAxis& axis : spec.axes) {
        const auto at = std::find(axis.fields.begin(), axis.fields.end(), bits_field) - axis.fields.begin();
        if (at == static_cast<std::ptrdiff_t>(axis.fields.size())) continue;
        for (const auto& setting : axis.settings) bits.insert(setting[static_cast<std::size_t>(at)].get<int>());
    }
    if (bits.empty()) bits.insert(std::nullopt);
    std::vector<json> chips;
    for (const auto& setting : bits) {
        const StartingChip& start = maker.starting_chip(setting);
        if (start.impossible.empty()) chips.push_back(start.json);
    }
    if (chips.empty()) chips.push_back(maker.starting_chip(std::nullopt).json);
    return chips;
}

void set_fields(json& chip, const SweepAxis& axis, const std::vector<json>& setting) {
    for (std::size_t i = 0; i < axis.fields.size(); ++i) {
        if (axis.fields[i].starts_with('/') && has_parent(chip, axis.fields[i])) {
            chip[json::json_pointer(axis.fields[i])] = setting[i];
        }
    }
}

/// Judges fields that the chip does not show: the architecture's reader may know them nevertheless, perhaps only beside
/// some setting of another axis (a kind of PE with fields of its own).
class HiddenFields {
public:
    HiddenFields(const SweepSpec& spec, const ArchSpec& base, const ChipMaker& maker, const std::vector<json>& starts)
        : spec_(&spec), base_(&base), maker_(&maker), starts_(&starts) {}

    [[nodiscard]] bool is_known(const std::string& field) const {
        return std::any_of(starts_->begin(), starts_->end(), [&](const json& start) {
            if (!has_parent(start, field)) return false;
            if (knows(start, field)) return true;
            return std::any_of(spec_->axes.begin(), spec_->axes.end(),
                               [&](const SweepAxis& axis) { return knows_beside(start, field, axis); });
        });
    }

private:
    [[nodiscard]] bool knows_beside(const json& start, const std::string& field, const SweepAxis& axis) const {
        // Numbers choose no kinds: only the names among an axis's values make other fields known.
        std::set<std::vector<json>> tried;
        return std::any_of(axis.settings.begin(), axis.settings.end(), [&](const std::vector<json>& setting) {
            std::vector<json> names = setting;
            std::replace_if(
                names.begin(), names.end(), [](const json& value) { return value.is_number(); }, json());
            if (!tried.insert(names).second) return false;
            json chip = start;
            set_fields(chip, axis, setting);
            return has_parent(chip, field) && knows(chip, field);
        });
    }

    [[nodiscard]] bool knows(json chip, const std::string& field) const {
        const json::json_pointer pointer(field);
        if (!chip.contains(pointer)) chip[pointer] = 0;
        return maker_->read(chip).impossible.find(base_->name + ": " + field + ": unknown key") == std::string::npos;
    }

    const SweepSpec* spec_;
    const ArchSpec* base_;
    const ChipMaker* maker_;
    const std::vector<json>* starts_;
};

void check_field(const std::string& field, const std::string& place, const ArchSpec& base,
                 const std::vector<json>& starts, const HiddenFields& hidden, Problems& problems) {
    const auto shows = [&](const json& chip) { return chip.contains(json::json_pointer(field)); };
    const auto holds = [&](const json& chip) { return has_parent(chip, field); };
    if (std::all_of(starts.begin(), starts.end(), shows)) return;
    const std::string unknown = field + " is no field of " + base.name + hint(field, pointers_in(starts.front()));
    // Where one of the starting chips cannot hold the field, setting it would make up its parents.
    if (!std::all_of(starts.begin(), starts.end(), holds) || !hidden.is_known(field)) problems.note(place, unknown);
}

void check_fields(const SweepSpec& spec, const ArchSpec& base, const ChipMaker& maker, const std::vector<json>& starts,
                  Problems& problems) {
    const HiddenFields hidden(spec, base, maker, starts);
    for (std::size_t a = 0; a < spec.axes.size(); ++a) {
        const std::vector<std::string>& fields = spec.axes[a].fields;
        for (std::size_t f = 0; f < fields.size(); ++f) {
            if (!fields[f].starts_with('/')) continue;
            const std::string key = fields.size() == 1 ? "/field" : "/fields/" + std::to_string(f);
            check_field(fields[f], "/axes/" + std::to_string(a) + key, base, starts, hidden, problems);
        }
    }
    for (std::size_t d = 0; d < spec.derived.size(); ++d) {
        const std::string place = "/derived/" + std::to_string(d) + "/field";
        check_field(spec.derived[d].field, place, base, starts, hidden, problems);
    }
}

/// Every name that some chip of the space gives a number to before its derived fields are set.
Variables known_variables(const SweepSpec& spec, const std::vector<json>& starts) {
    Variables known;
    for (const json& start : starts) add_variables(start, "", known);
    for (const SweepAxis& axis : spec.axes) {
        for (std::size_t f = 0; f < axis.fields.size(); ++f) {
            if (axis.fields[f] == bits_field) known[axis.fields[f]] = 0;
            if (!axis.fields[f].starts_with('/')) continue;
            for (const auto& setting : axis.settings) add_variables(setting[f], axis.fields[f], known);
        }
    }
    return known;
}

void check_variables(const Expression& expression, const std::string& place, const Variables& known,
                     Problems& problems) {
    std::vector<std::string> names;
    for (const auto& [name, value] : known) names.push_back(name);
    for (const std::string& variable : expression.variables()) {
        if (known.contains(variable)) continue;
        const bool is_area = variable == area_variable;
        problems.note(place, is_area ? variable + " is known in constraints only: a chip has an area once it is made"
                                     : variable + " is no number of the chip" + hint(variable, names));
    }
}

}  // namespace

void check_against_chip(const SweepSpec& spec, const ArchSpec& base, ChipMaker& maker, Problems& problems) {
    const std::vector<json> starts = starting_chips(spec, maker);
    check_fields(spec, base, maker, starts, problems);
    Variables known = known_variables(spec, starts);
    for (std::size_t i = 0; i < spec.derived.size(); ++i) {
        const DerivedField& field = spec.derived[i];
        check_variables(Expression(field.expression), "/derived/" + std::to_string(i) + "/expression", known, problems);
        add_variables(0, field.field, known);
    }
    known[std::string(area_variable)] = 0;
    for (std::size_t i = 0; i < spec.constraints.size(); ++i) {
        check_variables(Expression(spec.constraints[i]), "/constraints/" + std::to_string(i), known, problems);
    }
}

}  // namespace npusim::design_space
