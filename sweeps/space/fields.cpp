#include "fields.h"

#include <algorithm>
#include <cctype>

namespace npusim::design_space {
namespace {

using nlohmann::json;

bool is_variable_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
}

void add_pointers(const json& value, const std::string& pointer, std::vector<std::string>& pointers) {
    if (!pointer.empty()) pointers.push_back(pointer);
    if (!value.is_object()) return;
    for (const auto& item : value.items()) {
        add_pointers(item.value(), pointer + json::json_pointer().operator/=(item.key()).to_string(), pointers);
    }
}

}  // namespace

std::string pointer_problem(const std::string& field) {
    if (!field.starts_with('/') || field == "/") {
        return '"' + field + "\" is no field: a JSON pointer is needed, such as \"/array/rows\"";
    }
    try {
        (void)json::json_pointer(field);
    } catch (const json::exception&) {
        return '"' + field + "\" is no JSON pointer: \"~\" may only stand in \"~0\" and \"~1\"";
    }
    return "";
}

bool overlap(const std::string& field, const std::string& other) {
    return field == other || field.starts_with(other + '/') || other.starts_with(field + '/');
}

void add_variables(const json& value, const std::string& pointer, Variables& variables) {
    if (value.is_object()) {
        for (const auto& item : value.items()) {
            if (item.key().find('/') == std::string::npos) {
                add_variables(item.value(), pointer + '/' + item.key(), variables);
            }
        }
    }
    if (!value.is_number() && !value.is_boolean()) return;
    std::string name = pointer.substr(1);
    std::replace(name.begin(), name.end(), '/', '.');
    if (!std::all_of(name.begin(), name.end(), is_variable_character)) return;
    variables[name] = value.is_boolean() ? (value.get<bool>() ? 1.0 : 0.0) : value.get<double>();
}

Variables variables_of(const json& chip) {
    Variables variables;
    add_variables(chip, "", variables);
    return variables;
}

std::vector<std::string> pointers_in(const json& chip) {
    std::vector<std::string> pointers;
    add_pointers(chip, "", pointers);
    return pointers;
}

bool has_parent(const json& chip, const std::string& field) {
    const json::json_pointer parent = json::json_pointer(field).parent_pointer();
    return chip.contains(parent) && chip.at(parent).is_object();
}

}  // namespace npusim::design_space
