#include "npusim/report/report_data.h"

#include <algorithm>
#include <map>
#include <set>

#include "npusim/base/error.h"

namespace npusim {
namespace {

using Points = std::map<std::string, StoredPoint>;

std::optional<ArchSpec> chip_of(const SweepRow& row, const Points& points) {
    const auto found = points.find(row.point_key);
    if (found == points.end() || !found->second.arch.is_object()) return std::nullopt;
    return parse_arch(found->second.arch, "point " + row.point_key);
}

FieldSettings changes(const ArchSpec& from, const ArchSpec& to) {
    FieldSettings settings;
    for (FieldDifference& difference : differences_of(from, to)) {
        settings.emplace_back(std::move(difference.field), std::move(difference.b));
    }
    return settings;
}

/// Chips and bits of all rows.
void add_chips(ReportData& data, const Points& points, std::optional<ArchSpec> base) {
    const auto& fields = data.table.fields;
    const auto column = static_cast<std::size_t>(std::find(fields.begin(), fields.end(), "bits") - fields.begin());
    data.reference_is_base = base.has_value();
    data.reference = std::move(base);
    data.chips.reserve(data.table.rows.size());
    data.bits.reserve(data.table.rows.size());
    for (const SweepRow& row : data.table.rows) {
        const std::optional<ArchSpec> chip = chip_of(row, points);
        if (chip && !data.reference) data.reference = chip;
        data.chips.push_back(chip ? std::optional(changes(*data.reference, *chip)) : std::nullopt);
        std::optional<double>& bits = data.bits.emplace_back();
        if (column < fields.size() && row.settings[column].is_number()) {
            bits = row.settings[column].get<double>();
        } else if (chip) {
            bits = chip->precision.weight_bits;
        }
    }
}

std::size_t column_of(const SweepTable& table, const std::string& metric) {
    return static_cast<std::size_t>(std::find(table.metrics.begin(), table.metrics.end(), metric) -
                                    table.metrics.begin());
}

/// The best row by a metric of those that pass, the first one of equals.
template <typename Pass>
std::optional<std::size_t> best_place(const SweepTable& table, const Objective& objective, const Pass& pass) {
    const std::size_t column = column_of(table, objective.metric);
    std::optional<std::size_t> best;
    double least = 0;
    for (std::size_t place = 0; column < table.metrics.size() && place < table.rows.size(); ++place) {
        const SweepRow& row = table.rows[place];
        if (row.status != PointStatus::done || !row.metrics[column] || !pass(row)) continue;
        const double cost = objective.maximize ? -*row.metrics[column] : *row.metrics[column];
        if (best && !(cost < least)) continue;
        best = place;
        least = cost;
    }
    return best;
}

std::optional<std::size_t> chosen_place(const ReportData& data) {
    constexpr double nearly_as_accurate = 0.01;
    const auto all = [](const SweepRow&) { return true; };
    const auto most_accurate = best_place(data.table, {"top1", true}, all);
    if (!most_accurate) return best_place(data.table, data.objectives.front(), all);
    const std::size_t top1 = column_of(data.table, "top1");
    const double enough = *data.table.rows[*most_accurate].metrics[top1] - nearly_as_accurate;
    return best_place(data.table, {"energy_pj", false},
                      [&](const SweepRow& row) { return row.metrics[top1].value_or(0) >= enough; });
}

/// The rows whose layers the page can show, ascending.
std::set<std::size_t> detailed_places(const ReportData& data) {
    std::set<std::size_t> places;
    std::vector<std::size_t> others;
    if (data.chosen) places.insert(*data.chosen);
    for (const std::size_t place : data.front) {
        if (places.size() < kMostFrontDetails) places.insert(place);
    }
    for (std::size_t place = 0; place < data.table.rows.size(); ++place) {
        if (data.table.rows[place].status == PointStatus::done && !places.contains(place)) others.push_back(place);
    }
    const std::size_t taken = std::min(others.size(), kMostOtherDetails);
    for (std::size_t i = 0; i < taken; ++i) places.insert(others[i * others.size() / taken]);
    return places;
}

class DetailMaker {
public:
    DetailMaker(ReportData& data, const Points& points, const SweepStore& store, const TechnologyOf& technology_of)
        : data_(data), points_(points), layers_(store.layers()), technology_of_(technology_of) {}

    void add(std::size_t place) {
        const StoredPoint& point = points_.at(data_.table.rows[place].point_key);
        const ArchSpec arch = parse_arch(point.arch, "point " + point.key);
        const CostModel cost = make_cost_model(arch, technology_of_(arch));
        PointLayers detail;
        detail.place = place;
        for (const auto& [name, key] : point.layers) {
            const std::size_t layer = place_of(key, point);
            detail.names.push_back(name);
            detail.layers.push_back(layer);
            detail.energy_pj.push_back(cost.energy(data_.layers[layer].counters).total_pj());
        }
        data_.details.push_back(std::move(detail));
    }

private:
    std::size_t place_of(const std::string& key, const StoredPoint& point) {
        const auto [found, fresh] = place_of_key_.try_emplace(key, data_.layers.size());
        if (!fresh) return found->second;
        const auto layer = layers_.find(key);
        if (layer == layers_.end()) {
            throw InputError("sweep " + data_.table.sweep, "point " + point.key, "lacks its layer " + key);
        }
        data_.layers.push_back(layer->second);
        return found->second;
    }

    ReportData& data_;
    const Points& points_;
    std::map<std::string, StoredLayer> layers_;
    const TechnologyOf& technology_of_;
    std::map<std::string, std::size_t> place_of_key_;
};

}  // namespace

ReportData make_report_data(ReportInput input, const SweepStore& store, const TechnologyOf& technology_of) {
    ReportData data;
    data.spec = std::move(input.spec);
    data.table = std::move(input.table);
    data.objectives = std::move(input.objectives);
    data.front = pareto_front(data.table, data.objectives);
    data.chosen = chosen_place(data);
    const Points points = store.points();
    add_chips(data, points, std::move(input.base));
    data.options.reserve(data.table.rows.size());
    for (const SweepRow& row : data.table.rows) {
        data.options.push_back(input.options_of ? input.options_of(row) : std::vector<std::string>{});
    }
    DetailMaker details(data, points, store, technology_of);
    for (const std::size_t place : detailed_places(data)) details.add(place);
    data.groups = precision_groups(data.spec, data.table, data.bits);
    return data;
}

}  // namespace npusim
