// Fields of a chip: as JSON pointers in axes ("/array/rows"), as variables in expressions ("array.rows").
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace npusim::design_space {

/// What an axis can set besides the fields of the chip.
constexpr std::string_view network_field = "network";
constexpr std::string_view bits_field = "bits";
constexpr std::string_view batch_field = "batch";
/// Of the fields that are no part of the chip: is this one?
[[nodiscard]] inline bool is_own_field(std::string_view field) {
    return field == network_field || field == bits_field || field == batch_field;
}
/// A variable of constraints only: a chip has an area once it is made.
constexpr std::string_view area_variable = "area_mm2";

using Variables = std::map<std::string, double>;

/// Why `field` is no JSON pointer to a part of something; empty where it is one.
[[nodiscard]] std::string pointer_problem(const std::string& field);

/// One is the other or holds it.
[[nodiscard]] bool overlap(const std::string& field, const std::string& other);

/// Adds the numbers and booleans (as 0 or 1) of `value`, which lies at `pointer` of a chip. Fields whose names no
/// expression can hold ("fire2/squeeze1x1") are left out.
void add_variables(const nlohmann::json& value, const std::string& pointer, Variables& variables);
[[nodiscard]] Variables variables_of(const nlohmann::json& chip);

/// Pointers to everything in the chip, objects too.
[[nodiscard]] std::vector<std::string> pointers_in(const nlohmann::json& chip);

/// The object that would hold the field is there.
[[nodiscard]] bool has_parent(const nlohmann::json& chip, const std::string& field);

}  // namespace npusim::design_space
