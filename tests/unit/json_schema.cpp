// The reader's record of what it is asked for, and the schemas made of it.
#include "npusim/base/json_schema.h"

#include <catch2/catch.hpp>
#include <limits>
#include <stdexcept>

#include "npusim/arch/arch_spec.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/base/json_reader.h"
#include "npusim/models/finetune/recipe.h"
#include "npusim/sweeps/sweep_spec.h"

using namespace npusim;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

enum class Colour { red, blue };
const NamedValues<Colour> kColours{{"red", Colour::red}, {"blue", Colour::blue}};

template <typename Read>
json recorded(const Read& read, const json& given = json::object()) {
    json schema;
    JsonReader reader = JsonReader::recording(given, schema);
    read(reader);
    return schema;
}

json preset(const std::string& name) {
    return json::parse(read_text_file(std::filesystem::path(NPUSIM_SOURCE_DIR) / name));
}

/// The value at `key` of the schema's properties, following members that the value has.
void check_known(const json& value, const json& schema, const std::string& place) {
    INFO(place);
    if (!value.is_object()) return;
    for (const auto& [key, member] : value.items()) {
        const json& properties = schema.value("properties", json::object());
        if (properties.contains(key)) {
            check_known(member, properties.at(key), place + "/" + key);
        } else {
            REQUIRE(schema.at("additionalProperties").is_object());
            check_known(member, schema.at("additionalProperties"), place + "/" + key);
        }
    }
}

}  // namespace

TEST_CASE("Each getter records its key with type, range, choices, default and whether it is needed") {
    const json schema = recorded([](JsonReader& reader) {
        (void)reader.integer("i", {1, 9});
        (void)reader.integer_or("io", {0, std::numeric_limits<std::int64_t>::max()}, 4);
        (void)reader.number("n", {0.5, 2});
        (void)reader.number_or("no", {0, 1}, 0.25);
        (void)reader.boolean("b");
        (void)reader.boolean_or("bo", true);
        (void)reader.text("t");
        (void)reader.text_or("to", "x");
        (void)reader.choice("c", kColours);
        (void)reader.choice_or("co", kColours, Colour::blue);
        (void)reader.numbers_or("l", {0, 1}, {0.5});
        (void)reader.integers("li", {1, 2});
        reader.reject_unknown_keys();
    });
    const json expected = json::parse(R"({"type": "object", "additionalProperties": false,
        "required": ["i", "n", "b", "t", "c", "li"],
        "properties": {
            "i": {"type": "integer", "minimum": 1, "maximum": 9},
            "io": {"type": "integer", "minimum": 0, "maximum": 9223372036854775807, "default": 4},
            "n": {"type": "number", "minimum": 0.5, "maximum": 2},
            "no": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.25},
            "b": {"type": "boolean"},
            "bo": {"type": "boolean", "default": true},
            "t": {"type": "string"},
            "to": {"type": "string", "default": "x"},
            "c": {"enum": ["red", "blue"]},
            "co": {"enum": ["red", "blue"], "default": "blue"},
            "l": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}, "default": [0.5]},
            "li": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 2}}}})");
    CHECK(schema == expected);
}

TEST_CASE("Objects, lists of objects and objects by name are recorded with what is in them") {
    const json schema = recorded([](JsonReader& reader) {
        JsonReader one = reader.object("one");
        (void)one.boolean("b");
        if (auto maybe = reader.object_if_given("maybe")) (void)maybe->boolean("b");
        for (JsonReader& element : reader.objects("many")) (void)element.boolean("b");
        for (JsonReader& element : reader.objects_or_none("some")) (void)element.boolean("b");
        JsonReader names = reader.object("names");
        for (auto& [name, element] : names.named_objects()) (void)element.boolean("b");
        reader.know("own", R"({"minItems": 2})");
        reader.refine("own", R"({"maxItems": 3})");
    });
    const json object =
        json::parse(R"({"type": "object", "properties": {"b": {"type": "boolean"}}, "required": ["b"]})");
    CHECK(schema.at("required") == json({"one", "many", "names"}));
    const json& properties = schema.at("properties");
    CHECK(properties.at("one") == object);
    CHECK(properties.at("maybe") == object);
    CHECK(properties.at("many") == json({{"type", "array"}, {"items", object}}));
    CHECK(properties.at("some") == json({{"type", "array"}, {"items", object}}));
    CHECK(properties.at("names") == json({{"type", "object"}, {"additionalProperties", object}}));
    CHECK(properties.at("own") == json({{"minItems", 2}, {"maxItems", 3}}));
}

TEST_CASE("What a branch on a value asks for is recorded under that value") {
    const auto with = [](const char* colour) {
        return recorded(
            [](JsonReader& reader) {
                const Colour seen = reader.choice("colour", kColours);
                (void)reader.integer("depth", {seen == Colour::red ? 1 : 5, 9});
            },
            {{"colour", colour}});
    };
    const json schema = by_value("colour", "red", with("red"), with("blue"));
    CHECK(schema.at("properties").at("depth") == json({{"type", "integer"}, {"maximum", 9}}));
    const json& rule = schema.at("allOf").at(0);
    CHECK(rule.at("if") == json::parse(R"({"properties": {"colour": {"const": "red"}}, "required": ["colour"]})"));
    CHECK(rule.at("then") == json::parse(R"({"properties": {"depth": {"minimum": 1}}})"));
    CHECK(rule.at("else") == json::parse(R"({"properties": {"depth": {"minimum": 5}}})"));
}

TEST_CASE("A field without a text, or a text without a field, is no schema") {
    json schema = recorded([](JsonReader& reader) {
        for (JsonReader& element : reader.objects("many")) (void)element.boolean("b");
    });
    CHECK_THROWS_WITH(describe_fields(schema, {{"/many", "a"}, {"/gone", "b"}}),
                      Contains("no text: /many/*/b") && Contains("no field: /gone"));
    describe_fields(schema, {{"/many", "a list"}, {"/many/*/b", "a switch"}});
    CHECK(schema.at("properties").at("many").at("description") == "a list");
    CHECK(schema.at("properties").at("many").at("items").at("properties").at("b").at("description") == "a switch");
}

TEST_CASE("Recording leaves reading as it was: the same file gives the same chip after its schema was made") {
    const json file = preset("arch/int4_array.json");
    const ArchSpec before = parse_arch(file, "a");
    const json schema = arch_schema();
    CHECK(parse_arch(file, "a") == before);
    CHECK(arch_schema() == schema);
}

TEST_CASE("Every field that is written out is in the schema of its kind") {
    check_known(to_json(parse_arch(preset("arch/int8_array.json"), "a")), arch_schema(), "arch");
    check_known(to_json(Recipe{}), recipe_schema(), "recipe");
    check_known(to_json(parse_sweep(preset("sweeps/accuracy_resnet20.json"), "s")), sweep_schema(), "sweep");
}

TEST_CASE("A chip, a sweep and a recipe may name their schema, which must be a text and changes nothing") {
    json arch = preset("arch/int4_array.json");
    json sweep = preset("sweeps/space_resnet34.json");
    json recipe = preset("recipes/short_cifar10_4bit.json");
    const ArchSpec chip = parse_arch(arch, "a");
    const json space = to_json(parse_sweep(sweep, "s"));
    const json training = to_json(parse_recipe(recipe, "r"));
    for (json* file : {&arch, &sweep, &recipe}) (*file)["$schema"] = "own.schema.json";
    CHECK(parse_arch(arch, "a") == chip);
    CHECK(to_json(parse_sweep(sweep, "s")) == space);
    CHECK(to_json(parse_recipe(recipe, "r")) == training);
    for (json* file : {&arch, &sweep, &recipe}) (*file)["$schema"] = 7;
    CHECK_THROWS_WITH(parse_arch(arch, "a"), Contains("/$schema"));
    CHECK_THROWS_WITH(parse_sweep(sweep, "s"), Contains("/$schema"));
    CHECK_THROWS_WITH(parse_recipe(recipe, "r"), Contains("/$schema"));
}
