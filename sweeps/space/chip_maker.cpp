#include "chip_maker.h"

#include <algorithm>
#include <cstddef>

#include "axis_values.h"
#include "fields.h"
#include "npusim/base/error.h"

namespace npusim::design_space {
namespace {

using nlohmann::json;

std::string on_one_line(std::string text) {
    for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at)) text.replace(at, 1, "; ");
    return text;
}

std::optional<int> bits_of(const Settings& settings) {
    for (const auto& [field, value] : settings) {
        if (field == bits_field) return value.get<int>();
    }
    return std::nullopt;
}

void set_fields(json& chip, const Settings& settings) {
    for (const auto& [field, value] : settings) {
        if (!is_own_field(field)) chip[json::json_pointer(field)] = value;
    }
}

Variables known_values(const json& chip, std::optional<double> bits) {
    Variables variables = variables_of(chip);
    if (bits) variables[std::string(bits_field)] = *bits;
    return variables;
}

}  // namespace

ChipMaker::ChipMaker(const SweepSpec& spec, const ArchSpec& base, AreaOf area_of)
    : spec_(&spec), base_(base), area_of_(std::move(area_of)) {
    for (const DerivedField& field : spec.derived) derived_.emplace_back(field.expression);
    for (const std::string& constraint : spec.constraints) constraints_.emplace_back(constraint);
}

const StartingChip& ChipMaker::starting_chip(const std::optional<int>& bits) {
    const auto found = starting_chips_.find(bits);
    if (found != starting_chips_.end()) return found->second;
    json resolved;
    std::string impossible;
    try {
        resolved = to_json(bits ? at_uniform_bits(base_, *bits) : base_);
    } catch (const InputError& error) {
        impossible = on_one_line(error.what());
    }
    return starting_chips_.try_emplace(bits, resolved, impossible).first->second;
}

Chip ChipMaker::read(const json& resolved) const {
    Chip chip;
    try {
        chip.arch = parse_arch(resolved, base_.name);
    } catch (const InputError& error) {
        chip.impossible = on_one_line(error.what());
    }
    return chip;
}

void ChipMaker::set_derived(json& chip, std::optional<double> bits, std::vector<ExpressionProblem>& problems) const {
    for (std::size_t i = 0; i < derived_.size(); ++i) {
        const json::json_pointer pointer(spec_->derived[i].field);
        try {
            const double value = derived_[i].evaluate(known_values(chip, bits));
            const bool is_boolean = chip.contains(pointer) && chip.at(pointer).is_boolean();
            chip[pointer] = is_boolean ? json(value != 0) : json_number(value);
        } catch (const InputError& error) {
            problems.push_back({"/derived/" + std::to_string(i) + "/expression", error.what()});
        }
    }
}

void ChipMaker::constrain(Chip& chip, const Variables& variables, std::vector<ExpressionProblem>& problems) const {
    Variables with_area = variables;
    for (std::size_t i = 0; i < constraints_.size() && chip.in_space; ++i) {
        const bool needs_area = constraints_[i].uses(area_variable);
        if (needs_area && !chip.arch) continue;
        try {
            if (needs_area && !with_area.contains(std::string(area_variable))) {
                with_area[std::string(area_variable)] = area_of_(*chip.arch);
            }
        } catch (const InputError& error) {
            chip.arch.reset();
            chip.impossible = on_one_line(error.what());
            continue;
        }
        try {
            chip.in_space = constraints_[i].evaluate(with_area) != 0;
        } catch (const InputError& error) {
            problems.push_back({"/constraints/" + std::to_string(i), error.what()});
        }
    }
}

Chip ChipMaker::make(const Settings& settings, Problems& problems) {
    const std::optional<int> bits = bits_of(settings);
    const StartingChip& start = starting_chip(bits);
    Chip chip;
    chip.impossible = start.impossible;
    if (!start.impossible.empty()) return chip;
    json resolved = start.json;
    set_fields(resolved, settings);
    std::vector<ExpressionProblem> found;
    set_derived(resolved, bits, found);
    chip = read(resolved);
    constrain(chip, known_values(resolved, bits), found);
    // An expression over a field that is no number has no value, but then the reader's reason is the better one.
    if (chip.arch) {
        for (const ExpressionProblem& problem : found) problems.note(problem.place, problem.message);
    }
    return chip;
}

}  // namespace npusim::design_space
