#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/scaling_report.h"

namespace npusim::cli {
namespace {

using nlohmann::json;

json optional_json(const std::optional<double>& value) {
    return value ? json(*value) : json(nullptr);
}

json parts_json(const std::vector<std::pair<std::string, double>>& parts) {
    json object = json::object();
    for (const auto& [name, value] : parts) object[name] = value;
    return object;
}

json point_json(const ScalingPoint& point) {
    if (!point.failure.empty()) return {{"bits", point.bits}, {"failure", point.failure}};
    return {{"bits", point.bits},
            {"arch", to_json(point.arch)},
            {"cycles", point.cycles},
            {"milliseconds", point.milliseconds},
            {"tops_per_watt", point.tops_per_watt},
            {"tops_per_watt_on_chip", point.tops_per_watt_on_chip},
            {"tops_per_mm2", point.tops_per_mm2},
            {"energy_pj", parts_json(point.energy_pj)},
            {"energy_low_pj", point.energy_low_pj},
            {"energy_high_pj", point.energy_high_pj},
            {"area_mm2", parts_json(point.area_mm2)},
            {"area_low_mm2", point.area_low_mm2},
            {"area_high_mm2", point.area_high_mm2},
            {"top1", optional_json(point.top1)}};
}

json floating_json(const ScalingReport& report, NumberFormat format) {
    const auto found = std::find_if(report.floating.begin(), report.floating.end(),
                                    [&](const ScalingPoint& point) { return point.arch.number_format == format; });
    return found == report.floating.end() ? json(nullptr) : point_json(*found);
}

json rows_json(const std::vector<ScalingRow>& rows) {
    json object = json::object();
    for (const ScalingRow& row : rows) {
        json local = json::array();
        for (const auto& exponent : row.local_exponents) local.push_back(optional_json(exponent));
        json fit = nullptr;
        if (row.fit) {
            fit = {{"exponent", row.fit->exponent},
                   {"low", row.fit->low},
                   {"high", row.fit->high},
                   {"r_squared", row.fit->r_squared}};
        }
        object[row.component] = {{"fit", std::move(fit)}, {"local_exponents", std::move(local)}};
    }
    return object;
}

json series_json(const ScalingSeries& series) {
    json points = json::array();
    for (const ScalingPoint& point : series.points) points.push_back(point_json(point));
    return {{"points", std::move(points)},
            {"energy_scaling", rows_json(series.energy_pj)},
            {"area_scaling", rows_json(series.area_mm2)}};
}

json elements_json(const std::vector<ElementRow>& rows) {
    json list = json::array();
    for (const ElementRow& row : rows) {
        json values = json::object();
        for (const auto& [bits, value] : row.values) values[std::to_string(bits)] = value;
        list.push_back({{"element", row.element},
                        {"quantity", row.quantity},
                        {"values", std::move(values)},
                        {"fit_2_to_8", optional_json(row.fit_2_to_8)},
                        {"exponent_2_to_4", optional_json(row.exponent_2_to_4)},
                        {"exponent_4_to_8", optional_json(row.exponent_4_to_8)},
                        {"exponent_8_to_16", optional_json(row.exponent_8_to_16)}});
    }
    return list;
}

json change_json(const ScalingChange& change) {
    if (!change.failure.empty()) return {{"change", change.name}, {"failure", change.failure}};
    return {{"change", change.name},
            {"energy_pj", change.energy_pj},
            {"energy_on_chip_pj", change.on_chip_pj},
            {"area_mm2", change.area_mm2},
            {"milliseconds", change.milliseconds}};
}

}  // namespace

std::string scaling_json(const ScalingReport& report) {
    json changes = json::array();
    for (const ScalingChange& change : report.changes) changes.push_back(change_json(change));
    const json everything{{"provenance", provenance_json(report.provenance)},
                          {"network", report.network},
                          {"macs", report.macs},
                          {"chip", report.chip},
                          {"equal_macs", series_json(report.equal_macs)},
                          {"equal_area", report.equal_area ? series_json(*report.equal_area) : json(nullptr)},
                          {"fp32", floating_json(report, NumberFormat::fp32)},
                          {"fp16", floating_json(report, NumberFormat::fp16)},
                          {"bf16", floating_json(report, NumberFormat::bf16)},
                          {"elements", elements_json(report.elements)},
                          {"changes_at_bits", report.changes_at},
                          {"unchanged", report.unchanged ? point_json(*report.unchanged) : json(nullptr)},
                          {"changes", std::move(changes)},
                          {"breaks_the_square", report.breaker},
                          {"sentence", report.sentence},
                          {"accuracy_on", report.test_data},
                          {"notes", report.notes}};
    return everything.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace npusim::cli
