// Arithmetic over a chip's fields: derived fields and constraints.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fields.h"

namespace npusim::design_space {

/// Numbers, variables, + - * / ^, comparisons, && and ||, "a ? b : c", and functions: muParser's (min, max, abs, sqrt,
/// log2, rint, ...), floor and ceil. Comparisons give 1 or 0.
class Expression {
public:
    /// Throws InputError, without a place, where `text` is no expression.
    explicit Expression(const std::string& text);
    ~Expression();
    Expression(Expression&&) noexcept;
    Expression& operator=(Expression&&) noexcept;

    /// In alphabetical order.
    [[nodiscard]] const std::vector<std::string>& variables() const;
    [[nodiscard]] bool uses(std::string_view variable) const;

    /// Throws InputError, without a place, for a variable that `values` lacks and for what is no finite number.
    [[nodiscard]] double evaluate(const Variables& values) const;

private:
    struct Parsed;
    std::unique_ptr<Parsed> parsed_;
};

}  // namespace npusim::design_space
