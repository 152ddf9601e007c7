// A sweep's results as a table: one row a point, priced when the table is made; its Pareto front; and files of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "npusim/arch/cost.h"
#include "npusim/sweeps/sweep_spec.h"
#include "npusim/sweeps/sweep_store.h"

namespace npusim {

/// What follows from the counters of a run and the chip, all of the whole batch. All 0 without cycles, but the energy.
struct RunFigures {
    double latency_ms = 0;
    double inferences_per_s = 0;  ///< images
    double utilization = 0;       ///< PE operations / (PEs · cycles)
    double edp_mj_ms = 0;         ///< energy · latency, DRAM included
    EnergyBreakdown energy;
};
[[nodiscard]] RunFigures run_figures(const CostModel& cost, const Counters& total, std::int64_t batch = 1);

/// Every metric of a run by its name, as make_table gives them, but for where ranges end.
[[nodiscard]] std::vector<std::pair<std::string, double>> run_metrics(const CostModel& cost, const Counters& total,
                                                                      std::int64_t batch = 1);

/// A chip at the best estimate and where the known errors of its prices end.
struct PricedChip {
    CostModel estimate, low, high;
};
/// All of them.
[[nodiscard]] std::vector<std::pair<std::string, double>> run_metrics(const PricedChip& chip, const Counters& total,
                                                                      std::int64_t batch = 1);
[[nodiscard]] std::vector<std::string> metric_names();
/// "energy_low_pj" and the like: where the range of a total ends.
[[nodiscard]] bool is_range_end(std::string_view metric);

struct SweepRow {
    std::int64_t index = 0;
    std::string network;                   ///< empty where neither the result nor the settings tell it
    std::vector<nlohmann::json> settings;  ///< as SweepTable::fields; null where the point does not set the field
    std::optional<PointStatus> status;     ///< empty: there is no result yet ("pending")
    std::string reason;
    std::vector<std::optional<double>> metrics;  ///< as SweepTable::metrics; empty unless done
    std::string point_key;                       ///< not a column
};

/// Columns are "index", "network", the fields, "status", "reason", and the metrics; rows are in the order of the index.
struct SweepTable {
    std::string sweep;
    std::vector<std::string> fields;  ///< what the axes set, but "network", in the order in which points name them
    std::vector<std::string> metrics;
    std::vector<SweepRow> rows;
};

/// The technology table that a chip is priced with. Asked by several threads at once.
using TechnologyOf = std::function<Technology(const ArchSpec& arch)>;

/// Metrics: "cycles", "latency_ms", "inferences_per_s", "energy_pj", "energy_low_pj", "energy_high_pj",
/// "energy_on_chip_pj", "energy_<component>_pj", "area_mm2", "area_low_mm2", "area_high_mm2", "area_<component>_mm2",
/// "macs", "utilization", "dram_bytes", "edp_mj_ms", all of the whole batch, and "image_energy_pj". Throws InputError
/// for a sweep that the store does not have.
[[nodiscard]] SweepTable make_table(const SweepStore& store, const std::string& sweep,
                                    const TechnologyOf& technology_of);

/// Appends a metric, e.g. an accuracy.
void add_metric(SweepTable& table, const std::string& name,
                const std::function<std::optional<double>(const SweepRow& row)>& value_of);

/// The places in `table.rows`, ascending, of the rows that no other row dominates (is as good in every objective and
/// better in one). Equal rows are all kept; rows that are not done or lack an objective's value take no part. Throws
/// InputError for a metric that the table does not have.
[[nodiscard]] std::vector<std::size_t> pareto_front(const SweepTable& table, const std::vector<Objective>& objectives);

/// Which columns to write, in which order. Empty: all for machines; for people the index, the network, the fields,
/// the status and the main metrics. Writers throw InputError for a column that the table does not have.
using ColumnNames = std::vector<std::string>;

/// RFC 4180; numbers in the shortest form that reads back as the same number; an empty field where there is no value.
void write_csv(const SweepTable& table, std::ostream& out, const ColumnNames& columns = {});
/// {"sweep", "rows": [{column: value}]}, a row a line; null where there is no value. Numbers as in CSV.
void write_json(const SweepTable& table, std::ostream& out, const ColumnNames& columns = {});
/// Numbers rounded to four significant digits; whole numbers below 10^12 as they are.
void write_markdown(const SweepTable& table, std::ostream& out, const ColumnNames& columns = {});
/// A tabular of the package booktabs. Numbers as in Markdown.
void write_latex(const SweepTable& table, std::ostream& out, const ColumnNames& columns = {});

}  // namespace npusim
