#include "expression.h"

#include <muParser.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "axis_values.h"
#include "npusim/base/error.h"

namespace npusim::design_space {
namespace {

/// The likeliest slip, which muParser would call an unexpected token.
void refuse_assignment(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=') continue;
        if (i + 1 < text.size() && text[i + 1] == '=') {
            ++i;
        } else if (i == 0 || std::string("!<>").find(text[i - 1]) == std::string::npos) {
            throw InputError('"' + text + "\" sets a value at position " + std::to_string(i) +
                             "; to compare, \"==\" is needed");
        }
    }
}

InputError syntax_error(const std::string& text, const mu::ParserError& error) {
    return InputError('"' + text + "\" is no expression: " + error.GetMsg());
}

using Number = mu::value_type;

/// Checked at every step, because a comparison would turn what is no number into a plain 0.
Number finite(Number value) {
    if (std::isnan(value)) throw InputError("no number");
    if (std::isinf(value)) throw InputError("an infinite number");
    return value;
}

Number add(Number a, Number b) {
    return finite(a + b);
}
Number subtract(Number a, Number b) {
    return finite(a - b);
}
Number multiply(Number a, Number b) {
    return finite(a * b);
}
Number divide(Number a, Number b) {
    if (b == 0) throw InputError("a division by zero");
    return finite(a / b);
}
Number power(Number a, Number b) {
    return finite(std::pow(finite(a), finite(b)));
}
Number less(Number a, Number b) {
    return finite(a) < finite(b) ? 1 : 0;
}
Number less_equal(Number a, Number b) {
    return finite(a) <= finite(b) ? 1 : 0;
}
Number greater(Number a, Number b) {
    return less(b, a);
}
Number greater_equal(Number a, Number b) {
    return less_equal(b, a);
}
Number equal(Number a, Number b) {
    return finite(a) == finite(b) ? 1 : 0;
}
Number unequal(Number a, Number b) {
    return 1 - equal(a, b);
}
Number both(Number a, Number b) {
    return finite(a) != 0 && finite(b) != 0 ? 1 : 0;
}
Number either(Number a, Number b) {
    return finite(a) != 0 || finite(b) != 0 ? 1 : 0;
}
Number floor_of(Number value) {
    return std::floor(finite(value));
}
Number ceil_of(Number value) {
    return std::ceil(finite(value));
}

/// Own operators instead of muParser's: checked, and without its assignment.
void define_operators(mu::Parser& parser) {
    parser.EnableBuiltInOprt(false);
    parser.DefineOprt("||", either, mu::prLOR);
    parser.DefineOprt("&&", both, mu::prLAND);
    parser.DefineOprt("<", less, mu::prCMP);
    parser.DefineOprt("<=", less_equal, mu::prCMP);
    parser.DefineOprt(">", greater, mu::prCMP);
    parser.DefineOprt(">=", greater_equal, mu::prCMP);
    parser.DefineOprt("==", equal, mu::prCMP);
    parser.DefineOprt("!=", unequal, mu::prCMP);
    parser.DefineOprt("+", add, mu::prADD_SUB);
    parser.DefineOprt("-", subtract, mu::prADD_SUB);
    parser.DefineOprt("*", multiply, mu::prMUL_DIV);
    parser.DefineOprt("/", divide, mu::prMUL_DIV);
    parser.DefineOprt("^", power, mu::prPOW, mu::oaRIGHT);
    parser.DefineFun("floor", floor_of);
    parser.DefineFun("ceil", ceil_of);
}

}  // namespace

struct Expression::Parsed {
    std::string text;
    mu::Parser parser;
    std::vector<std::string> names;
    std::vector<double> values;  ///< of `names`; the parser reads them
};

namespace {

std::string operands_of(const std::vector<std::string>& names, const std::vector<double>& values) {
    std::vector<std::string> operands;
    for (std::size_t i = 0; i < names.size(); ++i) {
        operands.push_back(names[i] + " = " + json_number(values[i]).dump());
    }
    return operands.empty() ? "" : " where " + join(operands);
}

}  // namespace

Expression::Expression(const std::string& text) : parsed_(std::make_unique<Parsed>()) {
    parsed_->text = text;
    refuse_assignment(text);
    mu::Parser& parser = parsed_->parser;
    try {
        parser.DefineNameChars("0123456789_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
        define_operators(parser);
        parser.SetExpr(text);
        for (const auto& variable : parser.GetUsedVar()) parsed_->names.push_back(variable.first);
        parsed_->values.assign(parsed_->names.size(), 1.0);
        for (std::size_t i = 0; i < parsed_->names.size(); ++i) {
            parser.DefineVar(parsed_->names[i], &parsed_->values[i]);
        }
    } catch (const mu::ParserError& error) {
        throw syntax_error(text, error);
    } catch (const InputError& error) {
        throw InputError('"' + text + "\" contains " + error.what());
    }
    if (parser.GetNumResults() != 1) throw InputError('"' + text + "\" gives several values, one is needed");
}

Expression::~Expression() = default;
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;

const std::vector<std::string>& Expression::variables() const {
    return parsed_->names;
}

bool Expression::uses(std::string_view variable) const {
    return std::find(parsed_->names.begin(), parsed_->names.end(), variable) != parsed_->names.end();
}

double Expression::evaluate(const Variables& values) const {
    for (std::size_t i = 0; i < parsed_->names.size(); ++i) {
        const auto found = values.find(parsed_->names[i]);
        if (found == values.end()) {
            throw InputError('"' + parsed_->text + "\" needs " + parsed_->names[i] + ", which is no number here");
        }
        parsed_->values[i] = found->second;
    }
    try {
        return finite(parsed_->parser.Eval());
    } catch (const mu::ParserError& error) {
        throw syntax_error(parsed_->text, error);
    } catch (const InputError& error) {
        throw InputError('"' + parsed_->text + "\" gives " + error.what() +
                         operands_of(parsed_->names, parsed_->values));
    }
}

}  // namespace npusim::design_space
