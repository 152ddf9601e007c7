#include "npusim/sweeps/sweep_table.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <map>

#include "npusim/base/error.h"

namespace npusim {
namespace {

double real(std::uint64_t value) {
    return static_cast<double>(value);
}

PricedChip priced(const ArchSpec& arch, const Technology& technology) {
    return {make_cost_model(arch, technology), make_cost_model(arch, technology, CostEnd::low),
            make_cost_model(arch, technology, CostEnd::high)};
}

/// Calls `use(field, value)` for each setting of an entry.
template <typename Use>
void for_each_setting(const SweepEntry& entry, const std::string& sweep, const Use& use) {
    try {
        for (const nlohmann::json& setting : entry.settings) use(setting.at(0).get<std::string>(), setting.at(1));
    } catch (const nlohmann::json::exception& error) {
        throw InputError("sweep " + sweep, "point " + std::to_string(entry.index),
                         std::string("has settings that are no list of [field, value]: ") + error.what());
    }
}

class TableMaker {
public:
    TableMaker(const SweepStore& store, const std::string& sweep, const TechnologyOf& technology_of)
        : technology_of_(technology_of), entries_(store.sweep_entries(sweep)) {
        // Points before layers: a point that another process adds meanwhile is not seen without its layers.
        points_ = store.points();
        layers_ = store.layers();
        table_.sweep = sweep;
        table_.metrics = metric_names();
    }

    [[nodiscard]] SweepTable make() {
        find_fields();
        table_.rows.resize(entries_.size());
        tbb::parallel_for(std::size_t{0}, entries_.size(),
                          [&](std::size_t at) { table_.rows[at] = make_row(entries_[at]); });
        return std::move(table_);
    }

private:
    void find_fields() {
        for (const SweepEntry& entry : entries_) {
            for_each_setting(entry, table_.sweep, [&](const std::string& field, const nlohmann::json&) {
                if (field == "network" || places_.contains(field)) return;
                places_.emplace(field, table_.fields.size());
                table_.fields.push_back(field);
            });
        }
    }

    [[nodiscard]] SweepRow make_row(const SweepEntry& entry) const {
        SweepRow row;
        row.index = entry.index;
        row.point_key = entry.point_key;
        row.settings.resize(table_.fields.size());
        std::int64_t batch = 1;
        for_each_setting(entry, table_.sweep, [&](const std::string& field, const nlohmann::json& value) {
            if (field == "network") {
                row.network = value.get<std::string>();
            } else {
                row.settings[places_.at(field)] = value;
            }
            if (field == "batch" && value.is_number_integer()) batch = value.get<std::int64_t>();
        });
        row.metrics.resize(table_.metrics.size());
        const auto point = points_.find(entry.point_key);
        if (point != points_.end()) add_result(row, point->second, batch);
        return row;
    }

    void add_result(SweepRow& row, const StoredPoint& point, std::int64_t batch) const {
        row.network = point.network;
        row.status = point.status;
        row.reason = point.reason;
        if (point.status != PointStatus::done) return;
        const ArchSpec arch = parse_arch(point.arch, "point " + point.key);
        const Counters total = total_of(point);
        std::size_t column = 0;
        for (const auto& [name, value] : run_metrics(priced(arch, technology_of_(arch)), total, batch)) {
            row.metrics[column++] = value;
        }
    }

    [[nodiscard]] Counters total_of(const StoredPoint& point) const {
        Counters total;
        for (const auto& [name, key] : point.layers) {
            const auto layer = layers_.find(key);
            if (layer == layers_.end()) {
                throw InputError("sweep " + table_.sweep, "point " + point.key, "lacks its layer " + key);
            }
            total += layer->second.counters;
        }
        return total;
    }

    const TechnologyOf& technology_of_;
    std::vector<SweepEntry> entries_;
    std::map<std::string, StoredPoint> points_;
    std::map<std::string, StoredLayer> layers_;
    std::map<std::string, std::size_t> places_;
    SweepTable table_;
};

}  // namespace

RunFigures run_figures(const CostModel& cost, const Counters& total, std::int64_t batch) {
    constexpr double ns_per_ms = 1e6;
    constexpr double pj_per_mj = 1e9;
    RunFigures figures;
    figures.energy = cost.energy(total);
    if (total.total_cycles == 0) return figures;
    const double ns = real(total.total_cycles) * 1000 / cost.arch.clock_mhz;
    const double pes = static_cast<double>(cost.arch.array.rows) * cost.arch.array.columns;
    figures.latency_ms = ns / ns_per_ms;
    figures.inferences_per_s = static_cast<double>(batch) * 1000 / figures.latency_ms;
    figures.utilization = real(total.pe_steps) / (pes * real(total.total_cycles));
    figures.edp_mj_ms = figures.energy.total_pj() / pj_per_mj * figures.latency_ms;
    return figures;
}

std::vector<std::pair<std::string, double>> run_metrics(const CostModel& cost, const Counters& total,
                                                        std::int64_t batch) {
    const RunFigures figures = run_figures(cost, total, batch);
    std::vector<std::pair<std::string, double>> metrics = {
        {"cycles", real(total.total_cycles)},
        {"latency_ms", figures.latency_ms},
        {"inferences_per_s", figures.inferences_per_s},
        {"energy_pj", figures.energy.total_pj()},
        {"energy_on_chip_pj", figures.energy.on_chip_pj()},
    };
    for (const auto& [name, pj] : figures.energy.parts()) metrics.emplace_back("energy_" + name + "_pj", pj);
    metrics.emplace_back("area_mm2", cost.area.total_mm2());
    for (const auto& [name, mm2] : cost.area.parts()) metrics.emplace_back("area_" + name + "_mm2", mm2);
    metrics.emplace_back("macs", real(total.macs));
    metrics.emplace_back("utilization", figures.utilization);
    metrics.emplace_back("dram_bytes", real(total.dram.moved_bytes()));
    metrics.emplace_back("edp_mj_ms", figures.edp_mj_ms);
    metrics.emplace_back("image_energy_pj", figures.energy.total_pj() / static_cast<double>(batch));
    return metrics;
}

std::vector<std::pair<std::string, double>> run_metrics(const PricedChip& chip, const Counters& total,
                                                        std::int64_t batch) {
    std::vector<std::pair<std::string, double>> metrics;
    for (auto& metric : run_metrics(chip.estimate, total, batch)) {
        const std::string name = metric.first;
        metrics.push_back(std::move(metric));
        if (name == "energy_pj") {
            metrics.emplace_back("energy_low_pj", chip.low.energy(total).total_pj());
            metrics.emplace_back("energy_high_pj", chip.high.energy(total).total_pj());
        } else if (name == "area_mm2") {
            metrics.emplace_back("area_low_mm2", chip.low.area.total_mm2());
            metrics.emplace_back("area_high_mm2", chip.high.area.total_mm2());
        }
    }
    return metrics;
}

std::vector<std::string> metric_names() {
    std::vector<std::string> names;
    for (const auto& [name, value] : run_metrics(PricedChip{}, Counters{})) names.push_back(name);
    return names;
}

bool is_range_end(std::string_view metric) {
    return metric == "energy_low_pj" || metric == "energy_high_pj" || metric == "area_low_mm2" ||
           metric == "area_high_mm2";
}

SweepTable make_table(const SweepStore& store, const std::string& sweep, const TechnologyOf& technology_of) {
    return TableMaker(store, sweep, technology_of).make();
}

void add_metric(SweepTable& table, const std::string& name,
                const std::function<std::optional<double>(const SweepRow& row)>& value_of) {
    table.metrics.push_back(name);
    for (SweepRow& row : table.rows) row.metrics.push_back(value_of(row));
}

}  // namespace npusim
