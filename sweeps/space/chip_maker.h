// Makes the chips of a design space.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "expression.h"
#include "npusim/sweeps/sweep_spec.h"
#include "problems.h"

namespace npusim::design_space {

using Settings = std::vector<std::pair<std::string, nlohmann::json>>;

/// The architecture as JSON before its fields are set: `bits` of the settings may have changed all of it.
struct StartingChip {
    StartingChip(nlohmann::json resolved, std::string reason)
        : json(std::move(resolved)), impossible(std::move(reason)) {}

    nlohmann::json json;
    std::string impossible;  ///< not empty where it cannot have these bits
};

struct Chip {
    std::optional<ArchSpec> arch;
    std::string impossible;
    bool in_space = true;  ///< false: a constraint is not met
};

/// What an expression of the spec cannot give for a chip.
struct ExpressionProblem {
    std::string place;
    std::string message;
};

class ChipMaker {
public:
    /// `spec` and `base` must be valid, and `spec` outlive the maker.
    ChipMaker(const SweepSpec& spec, const ArchSpec& base, AreaOf area_of);

    /// A chip that cannot be made is in the space unless a constraint that needs no area excludes it.
    /// Expressions without a value for a chip that could be made are noted in `problems`.
    [[nodiscard]] Chip make(const Settings& settings, Problems& problems);

    [[nodiscard]] const StartingChip& starting_chip(const std::optional<int>& bits);
    /// What the architecture's reader says to this chip: the chip or its refusal, "; " between the problems.
    [[nodiscard]] Chip read(const nlohmann::json& resolved) const;

private:
    void set_derived(nlohmann::json& chip, std::optional<double> bits, std::vector<ExpressionProblem>& problems) const;
    void constrain(Chip& chip, const Variables& variables, std::vector<ExpressionProblem>& problems) const;

    const SweepSpec* spec_;
    ArchSpec base_;
    AreaOf area_of_;
    std::vector<Expression> derived_;
    std::vector<Expression> constraints_;
    std::map<std::optional<int>, StartingChip> starting_chips_;
};

}  // namespace npusim::design_space
