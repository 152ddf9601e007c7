// The readings of a report. Each printer is a plain function from the report to text.
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "cli/report.h"

namespace npusim::cli {

/// Escape sequences, or nothing where the output is no terminal.
struct Style {
    bool colour = false;
    [[nodiscard]] std::string bold(std::string_view text) const { return escaped("1", text); }
    [[nodiscard]] std::string dim(std::string_view text) const { return escaped("2", text); }
    [[nodiscard]] std::string warning(std::string_view text) const { return escaped("33", text); }

private:
    [[nodiscard]] std::string escaped(std::string_view code, std::string_view text) const {
        if (!colour) return std::string(text);
        return std::string("\033[").append(code).append("m").append(text).append("\033[0m");
    }
};

/// Columns that no line of the terminal report exceeds.
inline constexpr std::size_t kReportWidth = 100;

/// One screen: what ran, what came out, where energy, area and time went.
void print_terminal(const Report& report, const Style& style, std::ostream& out);
/// Parts of it.
void print_costs(const Report& report, const Style& style, std::ostream& out);
void print_idle_times(const Report& report, const Style& style, std::ostream& out);
void print_ladder(const PrecisionLadder& ladder, const Style& style, std::ostream& out);
/// A row for each layer.
void print_layers(const Report& report, const Style& style, std::ostream& out);

/// Everything, as JSON and (one row a layer, units in the header) as CSV.
[[nodiscard]] std::string json_report(const Report& report);
[[nodiscard]] std::string csv_report(const Report& report);
[[nodiscard]] nlohmann::json provenance_json(const Provenance& from);

/// A cause in at most eight letters.
[[nodiscard]] std::string cause_title(IdleCause cause);
/// A component of costs as people call it: "weight_buffer" → "weight buffer".
[[nodiscard]] std::string component_title(std::string_view component);
/// The component that keeps the energy of the ladder farthest above quadratic scaling, with its exponent and what to
/// change; empty when fewer than two rungs ran.
[[nodiscard]] std::string quadratic_verdict(const PrecisionLadder& ladder);

}  // namespace npusim::cli
