#include "cli/compare_tables.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/format.h"

namespace npusim::cli {
namespace {

struct Scale {
    double divisor = 1;
    const char* text = "";
};

/// Units are the same down a group, so that its rows can be compared with each other.
Scale scale_of(Unit unit, const std::vector<ComparedFigure>& figures) {
    constexpr double pj_per_uj = 1e6;
    double largest = 0;
    for (const ComparedFigure& figure : figures) {
        if (figure.unit == unit) largest = std::max({largest, figure.a.value_or(0), figure.b.value_or(0)});
    }
    switch (unit) {
        case Unit::pj:
            return {pj_per_uj, "µJ"};
        case Unit::ms:
            return {1, "ms"};
        case Unit::mm2:
            return {1, "mm²"};
        case Unit::mj_ms:
            return {1, "mJ·ms"};
        case Unit::fraction:
            return {0.01, "%"};
        case Unit::bytes:
            return largest >= 1e6 ? Scale{1e6, "MB"} : Scale{1e3, "kB"};
        case Unit::cycles:
        case Unit::count:
        case Unit::per_second:
            break;
    }
    return {};
}

bool is_whole(Unit unit) {
    return unit == Unit::cycles || unit == Unit::count;
}

/// Columns are not as wide as the largest number of a strange pair of results.
std::string fitting(double value) {
    constexpr double widest = 1e6;
    if (std::abs(value) < widest) return with_digits(value);
    char text[32];
    std::snprintf(text, sizeof text, "%.3e", value);
    return text;
}

std::string value_text(const std::optional<double>& value, Unit unit, const Scale& scale) {
    if (!value) return "-";
    if (is_whole(unit)) return thousands(static_cast<std::uint64_t>(std::llround(*value)));
    return fitting(*value / scale.divisor);
}

std::string difference_text(const ComparedFigure& figure, const Scale& scale) {
    const std::optional<double> difference = figure.difference();
    if (!difference) return "-";
    if (*difference == 0) return "=";
    return (*difference > 0 ? "+" : "-") + value_text(std::abs(*difference), figure.unit, scale);
}

std::string ratio_text(const ComparedFigure& figure) {
    const std::optional<double> ratio = figure.ratio();
    return ratio ? fitting(*ratio) : "-";
}

/// "load_dma_idle_dram_cycles" → "load DMA idle: dram"; the group's own name is left out.
std::string figure_title(const FigureGroup& group, const ComparedFigure& figure) {
    const std::pair<const char*, const char*> titles[] = {{"dram_bytes", "all, bursts as a whole"},
                                                          {"fp32_top1", "in fp32"},
                                                          {"quantized_top1", "integers before fine-tuning"},
                                                          {"top1", "integers"}};
    for (const auto& [name, own] : titles) {
        if (figure.name == name) return own;
    }
    std::string title = figure.name;
    for (const std::string_view unit : {"_pj", "_ms", "_mm2", "_bytes", "_cycles", "_mj"}) {
        if (title.ends_with(unit)) title.resize(title.size() - unit.size());
    }
    if (group.name != "result" && title.starts_with(group.name + "_")) title.erase(0, group.name.size() + 1);
    replace_all(title, "_idle_", "_idle:_");
    std::replace(title.begin(), title.end(), '_', ' ');
    for (const auto& [from, to] : {std::pair{"dma", "DMA"}, {"macs", "MACs"}, {"edp", "energy-delay"}}) {
        replace_all(title, from, to);
    }
    if (title.starts_with("dram")) title.replace(0, 4, "DRAM");
    return title;
}

std::string group_title(const std::string& name) {
    const std::pair<const char*, const char*> titles[] = {{"result", "result"},
                                                          {"accuracy", "top-1 accuracy"},
                                                          {"cycles", "cycles by unit"},
                                                          {"energy", "energy"},
                                                          {"area", "area"},
                                                          {"dram", "DRAM traffic of an inference"},
                                                          {"sram", "SRAM traffic of an inference"}};
    for (const auto& [key, title] : titles) {
        if (name == key) return title;
    }
    return name;
}

}  // namespace

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

TextTable group_table(const FigureGroup& group) {
    TextTable table{{group_title(group.name), "A", "B", "B - A", "B / A"}, {38, 17, 17, 17, 10}, {}};
    for (const ComparedFigure& figure : group.figures) {
        const Scale scale = scale_of(figure.unit, group.figures);
        const std::string unit = *scale.text == '\0' ? "" : std::string(", ") + scale.text;
        table.rows.push_back(
            {{figure_title(group, figure) + unit, value_text(figure.a, figure.unit, scale),
              value_text(figure.b, figure.unit, scale), difference_text(figure, scale), ratio_text(figure)},
             figure.a != figure.b});
    }
    return table;
}

TextTable layer_table(const Comparison& comparison, const std::vector<std::size_t>& places, const std::string& title) {
    TextTable table{{title, "cycles A", "cycles B", "B / A", "µJ A", "µJ B", "B / A"}, {28, 14, 14, 9, 12, 12, 9}, {}};
    for (const std::size_t place : places) {
        const ComparedLayer& layer = comparison.layers[place];
        const Scale scale = scale_of(Unit::pj, {});
        table.rows.push_back(
            {{layer.name, value_text(layer.cycles.a, Unit::cycles, {}), value_text(layer.cycles.b, Unit::cycles, {}),
              ratio_text(layer.cycles), value_text(layer.energy_pj.a, Unit::pj, scale),
              value_text(layer.energy_pj.b, Unit::pj, scale), ratio_text(layer.energy_pj)},
             layer.weight > 0});
    }
    return table;
}

std::vector<std::size_t> all_layers(const Comparison& comparison) {
    std::vector<std::size_t> places(comparison.layers.size());
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
    return places;
}

std::vector<RunDifference> run_differences(const Comparison& comparison) {
    std::vector<RunDifference> found;
    const auto text = [](const nlohmann::json& value) { return value.is_null() ? std::string("none") : value.dump(); };
    for (const FieldDifference& field : comparison.chips) {
        found.push_back({field.field, text(field.a), text(field.b)});
    }
    if (comparison.a.network != comparison.b.network) {
        found.push_back({"network", comparison.a.network, comparison.b.network});
    }
    if (comparison.a.technology != comparison.b.technology) {
        constexpr std::size_t shown_digits = 8;
        found.push_back({"cost table", comparison.a.technology.substr(0, shown_digits),
                         comparison.b.technology.substr(0, shown_digits)});
    }
    return found;
}

std::string side_text(const PricedResult& result) {
    return result.source + ": " + result.network + " on " + result.arch.name;
}

}  // namespace npusim::cli
