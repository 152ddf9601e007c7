#include <algorithm>
#include <cmath>
#include <numeric>

#include "npusim/base/error.h"
#include "npusim/sweeps/sweep_table.h"
#include "table_cells.h"

namespace npusim {
namespace {

/// A row of the table with its objectives' values, negated where more is better.
struct Candidate {
    std::size_t place = 0;
    std::vector<double> costs;
};

std::string no_metric(const std::string& metric, const std::vector<std::string>& known) {
    const bool is_accuracy = metric == "top1" || metric == "fp32_top1";
    if (is_accuracy) return "there is no \"" + metric + "\": accuracy was not measured in this sweep";
    return "there is no metric \"" + metric + "\"; " + store::hint(metric, known);
}

std::vector<std::size_t> columns_of(const SweepTable& table, const std::vector<Objective>& objectives) {
    std::vector<std::size_t> columns;
    for (const Objective& objective : objectives) {
        const auto found = std::find(table.metrics.begin(), table.metrics.end(), objective.metric);
        if (found == table.metrics.end()) {
            throw InputError("sweep " + table.sweep, "objectives", no_metric(objective.metric, table.metrics));
        }
        columns.push_back(static_cast<std::size_t>(found - table.metrics.begin()));
    }
    return columns;
}

std::vector<Candidate> candidates_of(const SweepTable& table, const std::vector<Objective>& objectives) {
    const std::vector<std::size_t> columns = columns_of(table, objectives);
    std::vector<Candidate> candidates;
    for (std::size_t place = 0; place < table.rows.size(); ++place) {
        const SweepRow& row = table.rows[place];
        if (row.status != PointStatus::done) continue;
        Candidate candidate{place, {}};
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const std::optional<double> value = row.metrics[columns[i]];
            if (!value || std::isnan(*value)) break;
            candidate.costs.push_back(objectives[i].maximize ? -*value : *value);
        }
        if (candidate.costs.size() == columns.size()) candidates.push_back(std::move(candidate));
    }
    return candidates;
}

bool dominates(const Candidate& a, const Candidate& b) {
    return a.costs != b.costs &&
           std::equal(a.costs.begin(), a.costs.end(), b.costs.begin(), [](double x, double y) { return x <= y; });
}

}  // namespace

std::vector<std::size_t> pareto_front(const SweepTable& table, const std::vector<Objective>& objectives) {
    std::vector<Candidate> candidates = candidates_of(table, objectives);
    // What dominates a row is before it in this order, so that the front found so far is all to compare with.
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.costs < b.costs; });
    std::vector<Candidate> front;
    for (Candidate& candidate : candidates) {
        const auto better = [&](const Candidate& other) { return dominates(other, candidate); };
        if (std::none_of(front.begin(), front.end(), better)) front.push_back(std::move(candidate));
    }
    std::vector<std::size_t> places;
    places.reserve(front.size());
    for (const Candidate& candidate : front) places.push_back(candidate.place);
    std::sort(places.begin(), places.end());
    return places;
}

}  // namespace npusim
