// JSON Schema (draft 2020-12) of what strict readers take, made of what they record.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace npusim {

/// What each field is, with its unit, by its place: "/array/rows"; "*" stands for any element or member.
using FieldTexts = std::map<std::string, std::string>;

/// One schema of two that differ with the value of a key: what they share, and the rest under "if the key is `value`,
/// then as `with`, else as `without`"; or any of an array of values. Both must have the same properties.
[[nodiscard]] nlohmann::json by_value(const std::string& key, const nlohmann::json& value, const nlohmann::json& with,
                                      const nlohmann::json& without);

/// Sets the descriptions. Throws std::logic_error that lists the fields without a text and the texts without a field.
void describe_fields(nlohmann::json& schema, const FieldTexts& texts);

/// The whole document: what dialect it is, and its title.
[[nodiscard]] nlohmann::json schema_document(const std::string& title, nlohmann::json schema);

}  // namespace npusim
