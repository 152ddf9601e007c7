// A comparison as Markdown and as JSON.
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/compare_printer.h"
#include "cli/compare_tables.h"

namespace npusim::cli {
namespace {

using nlohmann::json;

std::string markdown_cell(std::string text) {
    replace_all(text, "|", "\\|");
    replace_all(text, "\n", " ");
    return text;
}

void write_markdown_table(const TextTable& table, std::ostream& out) {
    const auto line = [&](const std::vector<std::string>& cells) {
        for (const std::string& cell : cells) out << "| " << markdown_cell(cell) << ' ';
        out << "|\n";
    };
    out << '\n';
    line(table.titles);
    for (std::size_t c = 0; c < table.titles.size(); ++c) out << (c == 0 ? "|---" : "|---:");
    out << "|\n";
    for (const TextRow& row : table.rows) line(row.cells);
}

json number_json(const std::optional<double>& value) {
    return value ? json(*value) : json(nullptr);
}

json figure_json(const ComparedFigure& figure) {
    return {{"name", figure.name},
            {"a", number_json(figure.a)},
            {"b", number_json(figure.b)},
            {"difference", number_json(figure.difference())},
            {"ratio", number_json(figure.ratio())}};
}

json range_json(const std::optional<std::pair<double, double>>& range) {
    return range ? json{range->first, range->second} : json(nullptr);
}

json side_json(const PricedResult& result) {
    return {{"source", result.source},
            {"network", result.network},
            {"technology_hash", result.technology},
            {"energy_range_pj", range_json(result.energy_range_pj)},
            {"area_range_mm2", range_json(result.area_range_mm2)},
            {"arch", to_json(result.arch)}};
}

}  // namespace

std::string comparison_markdown(const Comparison& comparison) {
    std::ostringstream out;
    out << "- A: " << side_text(comparison.a) << "\n- B: " << side_text(comparison.b) << '\n';
    TextTable fields{{"differs", "A", "B"}, {}, {}};
    for (const RunDifference& one : run_differences(comparison))
        fields.rows.push_back({{one.what, one.a, one.b}, true});
    if (!fields.rows.empty()) write_markdown_table(fields, out);
    for (const FigureGroup& group : comparison.groups) write_markdown_table(group_table(group), out);
    write_markdown_table(layer_table(comparison, all_layers(comparison), "layer"), out);
    return out.str();
}

std::string comparison_json(const Comparison& comparison) {
    json chips = json::array();
    for (const FieldDifference& one : comparison.chips) {
        chips.push_back({{"field", one.field}, {"a", one.a}, {"b", one.b}});
    }
    json figures = json::object();
    for (const FigureGroup& group : comparison.groups) {
        json& list = figures[group.name] = json::array();
        for (const ComparedFigure& figure : group.figures) list.push_back(figure_json(figure));
    }
    json layers = json::array();
    for (const ComparedLayer& layer : comparison.layers) {
        layers.push_back(
            {{"name", layer.name},
             {"op", layer.op},
             {"figures", {figure_json(layer.cycles), figure_json(layer.latency_ms), figure_json(layer.energy_pj)}}});
    }
    const json everything{{"a", side_json(comparison.a)},
                          {"b", side_json(comparison.b)},
                          {"chips", std::move(chips)},
                          {"figures", std::move(figures)},
                          {"layers", std::move(layers)}};
    return everything.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace npusim::cli
