// How a chip's energy and area follow its precision, as plain values.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/printers.h"
#include "npusim/report/scaling_fit.h"

namespace npusim::cli {

/// The chip at one precision. Where `failure` says something, there are no figures.
struct ScalingPoint {
    int bits = 0;
    ArchSpec arch;
    std::string failure;
    std::uint64_t cycles = 0;
    double milliseconds = 0;
    double tops_per_watt = 0;  ///< DRAM included
    double tops_per_watt_on_chip = 0;
    double tops_per_mm2 = 0;
    /// The components, then "on_chip" and "total"; those of area without "on_chip".
    std::vector<std::pair<std::string, double>> energy_pj, area_mm2;
    double energy_low_pj = 0, energy_high_pj = 0;  ///< where the known errors of the total end
    double area_low_mm2 = 0, area_high_mm2 = 0;
    std::optional<double> top1;
};

/// How a component's values at several precisions hang together: value ~ bits^exponent.
struct ScalingRow {
    std::string component;
    std::vector<std::optional<double>> values;           ///< one for each point
    std::vector<std::optional<double>> local_exponents;  ///< between a point and the next narrower one
    std::optional<PowerFit> fit;                         ///< over all points
};

struct ScalingSeries {
    std::vector<ScalingPoint> points;  ///< by descending bits
    std::vector<ScalingRow> energy_pj, area_mm2;
};

/// A part of the technology by itself, as it was synthesized.
struct ElementRow {
    std::string element;   ///< "multiplier", "PE, 2b+11-bit sums", ...
    std::string quantity;  ///< "area um2", "fJ uniform", "fJ realistic"
    std::map<int, double> values;
    std::optional<double> fit_2_to_8, exponent_2_to_4, exponent_4_to_8, exponent_8_to_16;
};

/// A change to the chip, tried at one precision.
struct ScalingChange {
    std::string name;
    std::string failure;
    double energy_pj = 0, on_chip_pj = 0, area_mm2 = 0, milliseconds = 0;
};

struct ScalingReport {
    Provenance provenance;
    std::string network, chip, dram;
    std::int64_t macs = 0;
    int own_macs_per_cycle = 0;
    ScalingSeries equal_macs;
    std::optional<ScalingSeries> equal_area;
    /// The same chip in fp32, fp16 and bf16, as far as the technology has their units, which are estimates.
    std::vector<ScalingPoint> floating;
    std::vector<ElementRow> elements;
    int changes_at = 0;
    std::optional<ScalingPoint> unchanged;  ///< at `changes_at`
    std::vector<ScalingChange> changes;
    std::string breaker;    ///< the component that keeps the energy farthest above the square; empty: none
    std::string sentence;   ///< what breaks the square, and what would help most
    std::string test_data;  ///< what the accuracies were measured on; empty: there are none
    std::vector<std::string> notes;
};

[[nodiscard]] std::vector<ElementRow> element_rows(const Technology& technology);
/// Fits the points that ran.
void fit_series(ScalingSeries& series);
/// Finds the component and writes the sentence.
void conclude(ScalingReport& report);

void print_scaling(const ScalingReport& report, const Style& style, std::ostream& out);
[[nodiscard]] std::string scaling_json(const ScalingReport& report);
void write_scaling_plot(const ScalingReport& report, const std::filesystem::path& file);

}  // namespace npusim::cli
