#include "npusim/base/json_reader.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>

#include "npusim/base/error.h"

using npusim::InputError;
using npusim::JsonReader;
using npusim::parse_json;
using Lines = std::vector<std::string>;

namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

/// What the reader says of `text` after `read` asked for its fields.
std::string problems_of(const std::string& text, const std::function<void(JsonReader&)>& read) {
    const nlohmann::json value = parse_json(text, "a.json");
    JsonReader reader(value, "a.json");
    read(reader);
    return message_of([&] { reader.finish(); });
}

std::string parse_message(const std::string& text) {
    return message_of([&] { (void)parse_json(text, "a.json"); });
}

enum class Fruit { apple, pear };
const npusim::NamedValues<Fruit> fruits{{"apple", Fruit::apple}, {"pear", Fruit::pear}};

}  // namespace

TEST_CASE("A well-formed object is read without a problem") {
    const nlohmann::json value = parse_json(
        R"({"rows": 16, "ratio": 2, "big": 9223372036854775807, "on": true, "name": "x", "fruit": "pear",
            "list": [1, null, 0.5], "shape": [3, 0], "inner": {"a": -7}, "parts": [{"n": 1}, {"n": 2}]})",
        "a.json");
    JsonReader reader(value, "a.json");
    CHECK(reader.integer("rows", {1, 1024}) == 16);
    CHECK(reader.integer("big", {0, int64_max}) == int64_max);
    CHECK(reader.integer_or("columns", {1, 1024}, 99) == 99);
    CHECK(reader.number("ratio", {0.0, 4.0}) == 2.0);
    CHECK(reader.number_or("scale", {0.0, 4.0}, 0.25) == 0.25);
    CHECK(reader.boolean("on"));
    CHECK(reader.boolean_or("off", true));
    CHECK(reader.text("name") == "x");
    CHECK(reader.text_or("title", "none") == "none");
    CHECK(reader.choice("fruit", fruits) == Fruit::pear);
    CHECK(reader.choice_or("other_fruit", fruits, Fruit::pear) == Fruit::pear);
    const std::vector<double> list = reader.numbers("list", {0.0, 1.0}, true);
    REQUIRE(list.size() == 3);
    CHECK(std::isnan(list[1]));
    CHECK(list[2] == 0.5);
    CHECK(reader.integers("shape", {0, 10}) == std::vector<std::int64_t>{3, 0});
    JsonReader inner = reader.object("inner");
    CHECK(inner.integer("a", {-10, 10}) == -7);
    std::vector<JsonReader> parts = reader.objects("parts");
    REQUIRE(parts.size() == 2);
    CHECK(parts[1].integer("n", {0, 9}) == 2);
    inner.reject_unknown_keys();
    reader.reject_unknown_keys();
    CHECK_NOTHROW(reader.finish());
}

TEST_CASE("Every value that is no integer is refused by what it is") {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"\"64\"", "\"64\" is a string, an integer is needed"},
        {"16.5", "16.5 is a number with a fraction or an exponent, an integer is needed"},
        {"16.0", "16.0 is a number with a fraction or an exponent, an integer is needed"},
        {"true", "true is a boolean, an integer is needed"},
        {"null", "null is given, an integer is needed"},
        {"[]", "an array is given, an integer is needed"},
        {"{}", "an object is given, an integer is needed"},
        {"0", "0 is outside 1..1024"},
        {"-1", "-1 is outside 1..1024"},
        {"1025", "1025 is outside 1..1024"},
        {"18446744073709551615", "18446744073709551615 is outside 1..1024"},
        {"1e300", "1e+300 is outside 1..1024"},
    };
    for (const auto& [value, message] : cases) {
        CHECK(problems_of("{\"rows\": " + value + "}", [](JsonReader& r) {
                  (void)r.integer("rows", {1, 1024});
              }) == "a.json: /rows: " + message);
    }
}

TEST_CASE("An integer that does not fit into 64 bits is refused where every integer is allowed") {
    const auto read = [](JsonReader& r) {
        (void)r.integer("n", {std::numeric_limits<std::int64_t>::min(), int64_max});
    };
    CHECK(problems_of(R"({"n": -9223372036854775808})", read) == "no error");
    CHECK(problems_of(R"({"n": 9223372036854775808})", read) ==
          "a.json: /n: 9223372036854775808 is too large for a number of 64 bits");
}

TEST_CASE("A range with one end is named by that end") {
    CHECK(problems_of(R"({"n": -2, "x": -0.5})", [](JsonReader& r) {
              (void)r.integer("n", {0, int64_max});
              (void)r.number("x", {0.0, std::numeric_limits<double>::infinity()});
          }) == "a.json: /n: -2 is below 0, the least allowed\na.json: /x: -0.5 is below 0, the least allowed");
}

TEST_CASE("All problems of a file are reported at once in the order of reading") {
    const std::string message = problems_of(
        R"({"rows": 0, "fruit": "aple", "inner": {"a/b": "x"}, "parts": [{"n": 1}, 7, {"n": true}], "list": [0, null]})",
        [](JsonReader& r) {
            (void)r.integer("rows", {1, 8});
            (void)r.choice("fruit", fruits);
            (void)r.object("inner").number("a/b", {0, 1});
            for (JsonReader& part : r.objects("parts")) (void)part.integer("n", {0, 9});
            (void)r.numbers("list", {0, 1});
            (void)r.text("name");
            r.problem("rows", "must be even");
        });
    CHECK(message == npusim::join({"a.json: /rows: 0 is outside 1..8",
                                   "a.json: /fruit: \"aple\" is unknown, allowed are apple, pear; did you mean "
                                   "\"apple\"?",
                                   "a.json: /inner/a~1b: \"x\" is a string, a number is needed",
                                   "a.json: /parts/1: 7 is an integer, an object is needed",
                                   "a.json: /parts/2/n: true is a boolean, an integer is needed",
                                   "a.json: /list/1: null is given, a number is needed", "a.json: /name: is missing",
                                   "a.json: /rows: must be even"},
                                  "\n"));
}

TEST_CASE("A missing object is one problem and not one for each of its fields") {
    CHECK(problems_of("{}", [](JsonReader& r) {
              JsonReader array = r.object("array");
              CHECK(array.integer("rows", {3, 8}) == 3);
              (void)array.object("deeper").text("name");
              array.reject_unknown_keys();
          }) == "a.json: /array: is missing");
    CHECK(problems_of("[1]", [](JsonReader& r) {
              (void)r.integer("rows", {1, 8});
          }) == "a.json: an array is given, an object is needed");
}

TEST_CASE("A key that nobody asked for is refused with the nearest known one") {
    const auto read = [](JsonReader& r) {
        (void)r.integer_or("rows", {1, 8}, 1);
        (void)r.integer_or("columns", {1, 8}, 1);
        r.reject_unknown_keys();
    };
    CHECK(problems_of(R"({"row": 4})", read) == "a.json: /row: unknown key, did you mean \"rows\"?");
    CHECK(problems_of(R"({"xyzzy_quux": 4})", read) == "a.json: /xyzzy_quux: unknown key, known are columns, rows");
}

TEST_CASE("Beyond a hundred problems only their number is told") {
    const std::string message = problems_of(
        "{\"list\": [" +
            [] {
                std::string zeros = "0";
                for (int i = 0; i < 149; ++i) zeros += ", 0";
                return zeros;
            }() +
            "]}",
        [](JsonReader& r) {
            (void)r.integers("list", {1, 2});
        });
    CHECK(std::count(message.begin(), message.end(), '\n') == 100);
    CHECK_THAT(message, Catch::EndsWith("a.json: and 50 problems more"));
}

TEST_CASE("A syntax error is placed by line and column") {
    CHECK_THAT(parse_message("{\n  \"a\": 1,\n  \"b\" 2\n}"),
               Catch::StartsWith("a.json: line 3, column 7: syntax error"));
    CHECK_THAT(parse_message(""), Catch::StartsWith("a.json: line 1, column 1: syntax error"));
    CHECK_THAT(parse_message("{\"a\": NaN}"), Catch::StartsWith("a.json: line 1, column 7: syntax error"));
    CHECK_THAT(parse_message("{} // why"), Catch::StartsWith("a.json: line 1, column 4: syntax error"));
    CHECK_THAT(parse_message("{} {}"), Catch::StartsWith("a.json: line 1, column 4: syntax error"));
    CHECK(parse_message("[1,\n 1e999]") == "a.json: line 2, column 6: number overflow parsing '1e999'");
}

TEST_CASE("Text that is no UTF-8 gives a message that is") {
    const std::string message = parse_message("{\"a\": \"\xff\xfe\"}");
    CHECK_THAT(message, Catch::StartsWith("a.json: line 1, column 8: syntax error"));
    CHECK_NOTHROW(nlohmann::json(message).dump());
}

TEST_CASE("Keys given twice are refused with their pointers") {
    CHECK(parse_message(R"({"a": 1, "b": [{"c": 1}, {"c": 1, "c": 2}], "a": 3})") ==
          "a.json: /b/1/c: the key is given twice\na.json: /a: the key is given twice");
    CHECK(parse_message(R"({"a": {"a": {"a": 1}}, "b": {"a": 1}})") == "no error");
}

TEST_CASE("A nesting beyond a hundred levels is refused") {
    CHECK(parse_message(std::string(100, '[') + std::string(100, ']')) == "no error");
    CHECK(parse_message(std::string(101, '[') + std::string(101, ']')) == "a.json: is nested deeper than 100 levels");
    CHECK(parse_message(std::string(2'000'000, '[')) == "a.json: is nested deeper than 100 levels");
}
