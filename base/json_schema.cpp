#include "npusim/base/json_schema.h"

#include <set>
#include <stdexcept>

namespace npusim {
namespace {

using nlohmann::json;

/// Moves what differs out of `with` into the results: `with` keeps what both have.
std::pair<json, json> take_differences(json& with, const json& without) {
    json first = json::object();
    json second = json::object();
    for (const auto& [key, value] : without.items()) {
        if (!with.contains(key)) second[key] = value;
    }
    const json before = with;
    for (const auto& [key, value] : before.items()) {
        if (!without.contains(key)) {
            first[key] = value;
            with.erase(key);
        } else if (value.is_object() && without.at(key).is_object()) {
            auto [a, b] = take_differences(with[key], without.at(key));
            if (!a.empty()) first[key] = std::move(a);
            if (!b.empty()) second[key] = std::move(b);
        } else if (value != without.at(key)) {
            first[key] = value;
            second[key] = without.at(key);
            with.erase(key);
        }
    }
    return {std::move(first), std::move(second)};
}

void describe(json& schema, const std::string& place, const FieldTexts& texts, std::set<std::string>& met,
              std::string& missing) {
    if (!place.empty()) {
        met.insert(place);
        const auto text = texts.find(place);
        if (text == texts.end()) {
            missing += "\nno text: " + place;
        } else {
            schema["description"] = text->second;
        }
    }
    if (schema.contains("properties")) {
        for (auto& [key, member] : schema["properties"].items()) {
            describe(member, place + "/" + key, texts, met, missing);
        }
    }
    for (const char* key : {"items", "additionalProperties"}) {
        if (!schema.contains(key) || !schema[key].is_object() || !schema[key].contains("properties")) continue;
        for (auto& [name, member] : schema[key]["properties"].items()) {
            describe(member, place + "/*/" + name, texts, met, missing);
        }
    }
}

}  // namespace

json by_value(const std::string& key, const json& value, const json& with, const json& without) {
    json schema = with;
    auto [then, otherwise] = take_differences(schema, without);
    json rule{{"if", {{"properties", {{key, {{value.is_array() ? "enum" : "const", value}}}}}, {"required", {key}}}}};
    if (!then.empty()) rule["then"] = std::move(then);
    if (!otherwise.empty()) rule["else"] = std::move(otherwise);
    schema["allOf"].push_back(std::move(rule));
    return schema;
}

void describe_fields(json& schema, const FieldTexts& texts) {
    std::set<std::string> met;
    std::string problems;
    describe(schema, "", texts, met, problems);
    for (const auto& [place, text] : texts) {
        if (!met.contains(place)) problems += "\nno field: " + place;
    }
    if (!problems.empty()) throw std::logic_error("the schema and its texts differ:" + problems);
}

json schema_document(const std::string& title, json schema) {
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
    schema["title"] = title;
    return schema;
}

}  // namespace npusim
