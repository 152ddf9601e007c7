// What people read of a sweep: its beginning, its end, and the points that no other beats.
#pragma once

#include <iosfwd>

#include "cli/printers.h"
#include "cli/sweep_options.h"
#include "npusim/sweeps/sweep_runner.h"
#include "npusim/sweeps/sweep_spec.h"
#include "npusim/sweeps/sweep_table.h"

namespace npusim::cli {

void print_sweep_head(const SweepSpec& spec, const std::vector<SweepPoint>& points, const Style& style,
                      std::ostream& out);
void print_sweep_end(const SweepProgress& reached, double seconds, const SweepOptions& options, const Style& style,
                     std::ostream& out);
/// "energy" of "energy_pj".
[[nodiscard]] std::string metric_title(const std::string& metric);
/// A metric's value with the unit that its name ends in.
[[nodiscard]] std::string metric_text(const std::string& metric, double value);
/// Energy, latency and area where a sweep names none.
[[nodiscard]] std::vector<Objective> objectives_or_default(const std::vector<Objective>& objectives);
/// The Pareto front by the objectives, those of energy, latency and area where none are given, best first by the first
/// one; at most a screen of it.
void print_front(const SweepTable& table, const std::vector<Objective>& objectives, const Style& style,
                 std::ostream& out);

}  // namespace npusim::cli
