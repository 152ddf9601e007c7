#include "axis_reader.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>

#include "axis_values.h"
#include "fields.h"
#include "npusim/base/error.h"
#include "npusim/models/graph/zoo.h"

namespace npusim::design_space {
namespace {

using nlohmann::json;

/// Fields of a chip lie well within, and the sums of ranges stay exact.
constexpr Range<double> any_number{-1e9, 1e9};

std::string element(const std::string& place, std::size_t index) {
    return place + '/' + std::to_string(index);
}

std::string field_problem(const std::string& field) {
    if (is_own_field(field)) return "";
    const std::string problem = pointer_problem(field);
    return problem.empty() ? "" : problem + ", or \"network\", \"bits\" or \"batch\"";
}

std::vector<std::string> read_fields(JsonReader& reader, const std::string& place, Problems& problems) {
    if (reader.has("field") && reader.has("fields")) {
        reader.problem("fields", "\"field\" is given too, only one of them is allowed");
    }
    const bool several = reader.has("fields");
    reader.know(several ? "field" : "fields");
    auto fields = several ? read_texts(reader, "fields", place + "/fields", problems)
                          : std::vector<std::string>{reader.text("field")};
    for (std::size_t i = 0; i < fields.size(); ++i) {
        // Several may be wrong and read as "", which has been noted already.
        const bool noted = fields[i].empty() && (several || !reader.has("field") || !reader.raw("field").is_string());
        const std::string field_place = several ? element(place + "/fields", i) : place + "/field";
        const std::string problem = noted ? "" : field_problem(fields[i]);
        if (!problem.empty()) problems.note(field_place, problem);
        for (std::size_t j = 0; j < i; ++j) {
            if (fields[i].empty() || fields[j].empty() || fields[i] == fields[j] || !overlap(fields[i], fields[j]))
                continue;
            problems.note(field_place, fields[i] + " overlaps " + fields[j] + " of the same axis");
        }
    }
    return fields;
}

/// Of the fields that are no part of the chip; the chip's own reader judges the others.
std::string value_problem(const std::string& field, const json& value) {
    if (field == network_field) {
        return value.is_string() ? network_problem(value.get<std::string>()) : value.dump() + " is no network's name";
    }
    if (field == batch_field) {
        constexpr std::int64_t most_images = 1024;
        const bool allowed =
            value.is_number_integer() && value.get<std::int64_t>() >= 1 && value.get<std::int64_t>() <= most_images;
        return allowed ? "" : value.dump() + " images are not allowed, allowed are 1.." + std::to_string(most_images);
    }
    if (field != bits_field) return "";
    constexpr std::array<int, 9> allowed_bits{1, 2, 3, 4, 5, 6, 7, 8, 16};
    const bool known =
        value.is_number_integer() && std::find(allowed_bits.begin(), allowed_bits.end(), value) != allowed_bits.end();
    return known ? "" : value.dump() + " bits are not allowed, allowed are 1..8, 16";
}

std::vector<std::vector<json>> read_listed(JsonReader& reader, const std::vector<std::string>& fields,
                                           const std::string& place, Problems& problems) {
    const json& list = reader.raw("values");
    if (!list.is_array() || list.empty()) {
        reader.problem("values", "a list of at least one value is needed");
        return {};
    }
    const bool several = reader.has("fields");
    std::vector<std::vector<json>> settings;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (several && (!list[i].is_array() || list[i].size() != fields.size())) {
            problems.note(element(place, i), "a list of " + std::to_string(fields.size()) +
                                                 " values is needed, one for each of \"fields\"");
            continue;
        }
        settings.push_back(several ? list[i].get<std::vector<json>>() : std::vector<json>{list[i]});
        for (std::size_t f = 0; f < fields.size(); ++f) {
            const std::string problem = value_problem(fields[f], settings.back()[f]);
            if (!problem.empty()) problems.note(several ? element(element(place, i), f) : element(place, i), problem);
        }
    }
    return settings;
}

/// from, to, and the third number called `growth`, which must be above `least_growth`.
std::vector<json> read_rule(JsonReader reader, bool geometric) {
    const std::string growth_key = geometric ? "factor" : "step";
    const double least_growth = geometric ? 1 : 0;
    const std::size_t problems = reader.problem_count();
    const double from = reader.number("from", any_number);
    const double to = reader.number("to", any_number);
    const double growth = reader.number(growth_key, any_number);
    reader.refine(growth_key, geometric ? R"({"exclusiveMinimum": 1})" : R"({"exclusiveMinimum": 0})");
    if (geometric) reader.refine("from", R"({"exclusiveMinimum": 0})");
    reader.reject_unknown_keys();
    // A rule that is no object has been noted before, and has nothing.
    if (!reader.has("from") || reader.problem_count() != problems) return {};
    if (growth <= least_growth) {
        reader.problem(growth_key, json_number(growth).dump() + " is too small, it must be above " +
                                       json_number(least_growth).dump());
    }
    if (from > to) {
        reader.problem("to", json_number(to).dump() + " is below \"from\" (" + json_number(from).dump() + ")");
    }
    if (geometric && from <= 0) {
        reader.problem("from", json_number(from).dump() + " cannot grow by a factor, it must be above 0");
    }
    if (reader.problem_count() != problems) return {};
    auto values = geometric ? geometric_values(from, to, growth) : arithmetic_values(from, to, growth);
    if (static_cast<std::int64_t>(values.size()) <= most_points) return values;
    reader.problem(growth_key, "gives more than " + std::to_string(most_points) + " values, the most allowed");
    return {};
}

std::vector<std::vector<json>> read_settings(JsonReader& reader, const std::vector<std::string>& fields,
                                             const std::string& place, Problems& problems) {
    const std::vector<std::string> kinds{"values", "range", "geometric"};
    std::vector<std::string> given;
    for (const std::string& kind : kinds) {
        if (reader.has(kind)) {
            given.push_back(kind);
        } else {
            reader.know(kind);
        }
    }
    if (given.size() != 1) {
        for (const std::string& kind : given) (void)reader.raw(kind);
        reader.problem("", (given.empty() ? "none" : join(given, " and ")) + " given, exactly one of " + join(kinds) +
                               " is needed");
        return {};
    }
    if (given.front() == "values") return read_listed(reader, fields, place + "/values", problems);
    std::vector<std::vector<json>> settings;
    const bool geometric = given.front() == "geometric";
    for (const json& value : read_rule(reader.object(given.front()), geometric)) settings.push_back({value});
    if (reader.has("fields")) {
        reader.problem(given.front(), "sets one \"field\"; \"fields\" need \"values\"");
    } else if (is_own_field(fields.front())) {
        reader.problem(given.front(), '"' + fields.front() + "\" needs \"values\"");
    }
    return settings;
}

/// What read_fields and read_settings say, for the schema.
void record_axis(JsonReader& reader) {
    reader.know("field", R"({"type": "string", "pattern": "^(network|bits|batch|/([^~]|~[01])+)$"})");
    reader.know("fields", R"({"type": "array", "minItems": 1, "uniqueItems": true,
        "items": {"type": "string", "pattern": "^(network|bits|batch|/([^~]|~[01])+)$"}})");
    reader.know("values", R"({"type": "array", "minItems": 1, "uniqueItems": true})");
    (void)read_rule(*reader.object_if_given("range"), false);
    (void)read_rule(*reader.object_if_given("geometric"), true);
    reader.refine("", R"({"allOf": [
        {"oneOf": [{"required": ["field"]}, {"required": ["fields"]}]},
        {"oneOf": [{"required": ["values"]}, {"required": ["range"]}, {"required": ["geometric"]}]},
        {"if": {"required": ["fields"]},
         "then": {"required": ["values"], "properties": {"values": {"items": {"type": "array", "minItems": 1}}}}},
        {"if": {"properties": {"field": {"const": "bits"}}, "required": ["field"]},
         "then": {"required": ["values"],
                  "properties": {"values": {"items": {"enum": [1, 2, 3, 4, 5, 6, 7, 8, 16]}}}}},
        {"if": {"properties": {"field": {"const": "batch"}}, "required": ["field"]},
         "then": {"required": ["values"],
                  "properties": {"values": {"items": {"type": "integer", "minimum": 1, "maximum": 1024}}}}},
        {"if": {"properties": {"field": {"const": "network"}}, "required": ["field"]},
         "then": {"required": ["values"], "properties": {"values": {"items": {"type": "string"}}}}}]})");
    reader.reject_unknown_keys();
}

void refuse_repetitions(const SweepAxis& axis, const std::string& place, Problems& problems) {
    std::set<std::vector<json>> seen;
    for (std::size_t i = 0; i < axis.settings.size(); ++i) {
        if (seen.insert(axis.settings[i]).second) continue;
        const json value = axis.fields.size() == 1 ? axis.settings[i].front() : json(axis.settings[i]);
        problems.note(place, value.dump() + " is given twice");
    }
}

}  // namespace

SweepAxis read_axis(JsonReader& reader, const std::string& place, Problems& problems) {
    if (reader.is_recording()) {
        record_axis(reader);
        return {};
    }
    SweepAxis axis;
    axis.fields = read_fields(reader, place, problems);
    axis.settings = read_settings(reader, axis.fields, place, problems);
    refuse_repetitions(axis, place + "/values", problems);
    reader.reject_unknown_keys();
    return axis;
}

std::vector<std::string> read_texts(JsonReader& reader, const std::string& key, const std::string& place,
                                    Problems& problems) {
    std::vector<std::string> texts;
    const json& list = reader.raw(key);
    if (!reader.has(key)) return texts;
    if (!list.is_array() || list.empty()) reader.problem(key, "a list of at least one string is needed");
    if (!list.is_array()) return texts;
    for (const json& text : list) {
        const std::string text_place = element(place, texts.size());
        const bool is_text = text.is_string() && !text.get_ref<const std::string&>().empty();
        texts.push_back(is_text ? text.get<std::string>() : "");
        if (!is_text) {
            problems.note(text_place, text.dump() + " is given, a string that is not empty is needed");
        } else if (std::find(texts.begin(), texts.end() - 1, texts.back()) != texts.end() - 1) {
            problems.note(text_place, '"' + texts.back() + "\" is given twice");
        }
    }
    return texts;
}

std::string network_problem(const std::string& name) {
    try {
        (void)zoo_entry(name);
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

}  // namespace npusim::design_space
