// All combinations of a design space's axes, numbered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "npusim/sweeps/sweep_spec.h"

namespace npusim::design_space {

/// The digits of a combination's number are the settings of the axes, the last axis fastest; the spec's networks, where
/// no axis sets them, are one more axis after the last.
class Grid {
public:
    explicit Grid(const SweepSpec& spec);

    [[nodiscard]] const std::vector<std::int64_t>& sizes() const { return sizes_; }
    /// How many combinations there are; nothing beyond 2^63 - 1.
    [[nodiscard]] std::optional<std::int64_t> checked_size() const;
    [[nodiscard]] std::int64_t size() const { return checked_size().value_or(0); }
    [[nodiscard]] std::vector<std::size_t> digits(std::int64_t number) const;
    [[nodiscard]] std::int64_t number(const std::vector<std::size_t>& digits) const;

private:
    std::vector<std::int64_t> sizes_;
};

}  // namespace npusim::design_space
