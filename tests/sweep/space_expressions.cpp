#include <catch2/catch.hpp>
#include <random>

#include "space_support.h"

using namespace npusim;
using namespace npusim::test;
using Catch::Contains;
using nlohmann::json;

namespace {

const std::vector<json> axes = {{{"field", "/array/rows"}, {"values", {1, 4, 8, 16}}},
                                {{"field", "/array/columns"}, {"values", {2, 8, 16}}},
                                {{"field", "/vector_unit/lanes"}, {"values", {1, 3, 16}}}};

/// What an expression gives for a point, and its text.
struct Tree {
    std::string text;
    std::function<double(double rows, double columns, double lanes)> value;
};

Tree leaf(std::mt19937_64& random) {
    switch (random() % 4) {
        case 0:
            return {"array.rows", [](double rows, double, double) { return rows; }};
        case 1:
            return {"array.columns", [](double, double columns, double) { return columns; }};
        case 2:
            return {"vector_unit.lanes", [](double, double, double lanes) { return lanes; }};
        default:
            break;
    }
    const auto number = static_cast<double>(random() % 40) / 2;
    return {json(number).dump(), [number](double, double, double) { return number; }};
}

Tree random_tree(std::mt19937_64& random, int depth) {
    if (depth == 0) return leaf(random);
    using Operator = std::pair<std::string, double (*)(double, double)>;
    static const std::vector<Operator> operators{
        {"+", [](double a, double b) { return a + b; }},
        {"-", [](double a, double b) { return a - b; }},
        {"*", [](double a, double b) { return a * b; }},
        {"<", [](double a, double b) { return a < b ? 1.0 : 0.0; }},
        {"<=", [](double a, double b) { return a <= b ? 1.0 : 0.0; }},
        {">", [](double a, double b) { return a > b ? 1.0 : 0.0; }},
        {">=", [](double a, double b) { return a >= b ? 1.0 : 0.0; }},
        {"==", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
        {"!=", [](double a, double b) { return a != b ? 1.0 : 0.0; }},
        {"&&", [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }},
        {"||", [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }}};
    const Tree left = random_tree(random, depth - 1);
    const Tree right = random_tree(random, depth - 1);
    const Operator& chosen = operators[random() % operators.size()];
    const std::string space = random() % 2 == 0 ? " " : "";
    return {"(" + left.text + space + chosen.first + space + right.text + ")",
            [=](double r, double c, double l) { return chosen.second(left.value(r, c, l), right.value(r, c, l)); }};
}

std::size_t points_where(const std::string& constraint) {
    return points_in(space_json(axes, {constraint, "1"})).size();
}

std::string value_refusal(const std::string& expression) {
    return refusal(space_json(axes, {"array.rows > 0", expression}));
}

}  // namespace

TEST_CASE("Constraints keep exactly the points that a brute-force evaluation keeps") {
    std::mt19937_64 random(1);
    const auto all = points_in(space_json(axes));
    for (int i = 0; i < 60; ++i) {
        const Tree tree = random_tree(random, 1 + i % 4);
        INFO(tree.text);
        std::vector<std::int64_t> expected;
        for (const SweepPoint& point : all) {
            const double kept =
                tree.value(point.settings[0].second.get<double>(), point.settings[1].second.get<double>(),
                           point.settings[2].second.get<double>());
            if (kept != 0) expected.push_back(point.index);
        }
        if (expected.empty()) {
            CHECK_THAT(refusal(space_json(axes, {tree.text})),
                       Contains("/constraints: none of 36 combinations of the axes meets them"));
            continue;
        }
        CHECK(indices_of(points_in(space_json(axes, {tree.text}))) == expected);
    }
}

TEST_CASE("Operators bind as in arithmetic") {
    for (const char* truth : {"1 + 2 * 3 == 7",
                              "2 * 3 ^ 2 == 18",
                              "2 ^ 3 ^ 2 == 512",
                              "10 - 4 - 3 == 3",
                              "16 / 4 / 2 == 2",
                              "-2 ^ 2 == -4",
                              "-array.rows + array.rows == 0",
                              "3 > 2 == 1",
                              "0 && 0 || 1",
                              "1 || 0 && 0",
                              "2 + 1 >= 3 && 4 < 5",
                              "array.rows>=1&&array.rows<=16",
                              "1 - -1 == 2",
                              "7*-1 == -7",
                              "double_buffering ? 1 : 0",
                              "floor(-0.5) == -1",
                              "ceil(0.5) == 1",
                              "max(1, array.rows, 3) >= 3",
                              "sqrt(16) == 4",
                              "log2(8) == 3",
                              "1e1 == 10",
                              "(1+2)*3 == 9",
                              "array.pe.weight_bits == 4",
                              "precision.weight_bits == array.pe.activation_bits",
                              "0.5 + .5 == 1"}) {
        INFO(truth);
        CHECK(points_where(truth) == 36);
    }
}

TEST_CASE("What is no expression is refused with its place and the reason") {
    CHECK_THAT(value_refusal("array.rows *"), Contains("/constraints/1: \"array.rows *\" is no expression: "));
    CHECK_THAT(value_refusal("(array.rows"), Contains("/constraints/1: ") && Contains("is no expression"));
    CHECK_THAT(value_refusal("array.rows 4"), Contains("/constraints/1: ") && Contains("is no expression"));
    CHECK_THAT(value_refusal("array.rows # 4"), Contains("/constraints/1: ") && Contains("is no expression"));
    CHECK_THAT(value_refusal("array.rows, 4"), Contains("/constraints/1: ") && Contains("several values"));
    CHECK_THAT(value_refusal("array.rows = 4"),
               Contains("/constraints/1: ") && Contains("sets a value at position 11; to compare, \"==\" is needed"));
    CHECK_THAT(value_refusal("foo(array.rows)"), Contains("/constraints/1: ") && Contains("foo"));
    CHECK_THAT(value_refusal("array.rows > \"a\""), Contains("/constraints/1: "));
    CHECK_THAT(value_refusal(" "), Contains("/constraints/1: "));
}

TEST_CASE("Unknown variables are refused with the nearest known one") {
    CHECK_THAT(value_refusal("array.row * arrays.columns > 3"),
               Contains("/constraints/1: array.row is no number of the chip; did you mean array.rows?") &&
                   Contains("/constraints/1: arrays.columns is no number of the chip; did you mean array.columns?"));
    CHECK_THAT(value_refusal("bits > 3"), Contains("/constraints/1: bits is no number of the chip"));
    CHECK_THAT(value_refusal("technology > 3"), Contains("/constraints/1: technology is no number of the chip"));
    json space = space_json(axes);
    space["derived"] = {{{"field", "/clock_mhz"}, {"expression", "area_mm2 * 100"}}};
    CHECK_THAT(refusal(space), Contains("/derived/0/expression: area_mm2 is known in constraints only"));
}

TEST_CASE("Results that are no number are refused with their operands, even inside a comparison") {
    CHECK_THAT(value_refusal("64 / (array.rows - 4) > 1"),
               Contains("/constraints/1: ") && Contains("gives a division by zero where array.rows = 4"));
    CHECK_THAT(value_refusal("sqrt(array.rows - 8) > 1"), Contains("/constraints/1: ") && Contains("gives no number"));
    CHECK_THAT(value_refusal("sqrt(array.rows - 8)"), Contains("/constraints/1: ") && Contains("gives no number"));
    CHECK_THAT(value_refusal("log2(array.rows - 1) < 1"), Contains("an infinite number where array.rows = 1"));
    CHECK_THAT(value_refusal("1 / 0"), Contains("/constraints/1: ") && Contains("division by zero"));
    CHECK_THAT(value_refusal("10 ^ 400 > array.rows"), Contains("/constraints/1: ") && Contains("an infinite number"));
    CHECK(value_refusal("array.rows == 4 ? 1 : 64 / (array.rows - 4) > -30").empty());
    json space = space_json(axes);
    space["derived"] = {{{"field", "/clock_mhz"}, {"expression", "500 / (array.rows - 1)"}}};
    CHECK_THAT(refusal(space), Contains("/derived/0/expression: ") && Contains("division by zero"));
}

TEST_CASE("Area is asked for chips that can be made, and a chip that cannot be priced is impossible") {
    const json space = space_json(
        {{{"field", "/array/rows"}, {"values", {4, 8, 16}}}, {{"field", "/weight_buffer/banks"}, {"values", {2, 3}}}},
        {"area_mm2 <= 8", "area_mm2 > 0"});
    int asked = 0;
    const AreaOf rows_as_area = [&](const ArchSpec& arch) -> double {
        ++asked;
        if (arch.array.rows == 4) throw InputError("no such memory");
        return arch.array.rows;
    };
    const auto points = points_in(space, preset("int4_array"), rows_as_area);
    CHECK(indices_of(points) == std::vector<std::int64_t>{0, 1, 2, 3, 5});
    CHECK(points[0].impossible == "no such memory");
    CHECK(points[2].arch);
    CHECK_THAT(points[4].impossible, Contains("/weight_buffer/banks"));
    CHECK(asked <= 4);
}
