// Problems of a design space whose places the JSON reader cannot name: elements of lists, rules between fields.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "npusim/base/json_reader.h"

namespace npusim::design_space {

class Problems {
public:
    explicit Problems(std::string file) : file_(std::move(file)) {}

    /// `place` is a JSON pointer. Only the first hundred are kept.
    void note(const std::string& place, const std::string& message);
    [[nodiscard]] bool empty() const { return problems_.empty(); }
    [[nodiscard]] std::size_t count() const { return problems_.size() + left_out_; }
    /// Throws InputError with all of them, if there are any, and those of `reader` before.
    void finish() const;
    void finish(const JsonReader& reader) const;

private:
    [[nodiscard]] std::vector<std::string> lines() const;

    std::string file_;
    std::vector<std::string> problems_;
    std::size_t left_out_ = 0;
};

}  // namespace npusim::design_space
