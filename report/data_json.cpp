#include <cmath>
#include <map>

#include "columns.h"
#include "npusim/report/page.h"

namespace npusim {
namespace {

using report::JsonText;
using report::list_json;
using report::list_of;
using report::number_json;
using report::text_json;

JsonText safe_dump(const nlohmann::json& value) {
    if (value.is_string()) return text_json(value.get<std::string>());
    if (value.is_number_float()) return number_json(value.get<double>());
    if (value.is_primitive()) return value.dump();
    std::string safe;
    for (const char c : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {
        safe += c == '<' ? std::string("\\u003c") : std::string(1, c);
    }
    return safe;
}

template <typename Make>
JsonText column(const ReportData& data, const std::string& name, const std::string& kind, const Make& make) {
    std::vector<JsonText> values;
    values.reserve(data.table.rows.size());
    for (std::size_t place = 0; place < data.table.rows.size(); ++place) values.push_back(make(place));
    return report::column_json(name, kind, values);
}

/// "bits" is a column even where no axis sets it.
std::vector<JsonText> columns_of(const ReportData& data) {
    const auto& rows = data.table.rows;
    const auto number = [](std::optional<double> value) { return value ? number_json(*value) : JsonText("null"); };
    std::vector<JsonText> columns = {
        column(data, "index", "index", [&](std::size_t at) { return std::to_string(rows[at].index); }),
        column(data, "network", "text", [&](std::size_t at) { return text_json(rows[at].network); }),
        column(data, "bits", "field", [&](std::size_t at) { return number(data.bits[at]); })};
    for (std::size_t i = 0; i < data.table.fields.size(); ++i) {
        const std::string& field = data.table.fields[i];
        if (field == "bits") continue;
        columns.push_back(
            column(data, field, "field", [&](std::size_t at) { return safe_dump(rows[at].settings[i]); }));
    }
    columns.push_back(column(data, "status", "text", [&](std::size_t at) {
        return text_json(rows[at].status ? std::string(name_of(*rows[at].status)) : "pending");
    }));
    columns.push_back(column(data, "reason", "text", [&](std::size_t at) { return text_json(rows[at].reason); }));
    for (std::size_t i = 0; i < data.table.metrics.size(); ++i) {
        columns.push_back(
            column(data, data.table.metrics[i], "metric", [&](std::size_t at) { return number(rows[at].metrics[i]); }));
    }
    return columns;
}

/// One column for each field in which some chip is not as the reference; null: as there.
std::vector<JsonText> changes_of(const ReportData& data) {
    std::map<std::string, std::vector<JsonText>> columns;
    for (std::size_t place = 0; place < data.chips.size(); ++place) {
        if (!data.chips[place]) continue;
        for (const auto& [pointer, value] : *data.chips[place]) {
            auto& values = columns.try_emplace(pointer, data.chips.size(), "null").first->second;
            values[place] = safe_dump(value);
        }
    }
    std::vector<JsonText> texts;
    texts.reserve(columns.size());
    for (const auto& [pointer, values] : columns) texts.push_back(report::column_json(pointer, "change", values));
    return texts;
}

JsonText options_json(const ReportData& data) {
    std::vector<JsonText> values;
    values.reserve(data.options.size());
    for (const auto& options : data.options) values.push_back(list_of(options, text_json));
    return report::column_json("options", "options", values);
}

JsonText whole(std::uint64_t value) {
    return std::to_string(value);
}

/// In the order of kLayerFigures in the page's script: cycles, MACs, PE operations, DRAM bytes, the array's busy cycles
/// and its idle ones by cause.
JsonText layer_json(const StoredLayer& layer) {
    const Counters& counters = layer.counters;
    std::vector<JsonText> figures = {
        text_json(layer.op),           whole(counters.total_cycles),       whole(counters.macs),
        whole(counters.pe_operations), whole(counters.dram.moved_bytes()), whole(counters.array.busy_cycles)};
    for (const std::uint64_t cycles : counters.array.idle_cycles) figures.push_back(whole(cycles));
    return list_json(figures);
}

/// Networks' lists of layer names are kept once.
JsonText details_json(const ReportData& data) {
    std::map<std::vector<std::string>, std::size_t> place_of_names;
    std::vector<JsonText> names;
    const JsonText points = list_of(data.details, [&](const PointLayers& detail) {
        const auto [found, fresh] = place_of_names.try_emplace(detail.names, names.size());
        if (fresh) names.push_back(list_of(detail.names, text_json));
        const auto numbers = [](std::size_t place) { return std::to_string(place); };
        return "[" + std::to_string(detail.place) + "," + std::to_string(found->second) + "," +
               list_of(detail.layers, numbers) + "," + list_of(detail.energy_pj, number_json) + "]";
    });
    std::vector<JsonText> causes;
    causes.reserve(kIdleCauses);
    for (std::size_t i = 0; i < kIdleCauses; ++i) {
        causes.push_back(text_json(std::string(name_of(static_cast<IdleCause>(i)))));
    }
    return R"({"causes":)" + list_json(causes) + R"(,"names":)" + list_json(names) + R"(,"layers":)" +
           list_of(data.layers, layer_json) + R"(,"points":)" + points + "}";
}

JsonText groups_json(const ReportData& data) {
    return list_of(data.groups, [](const PrecisionGroup& group) {
        const JsonText places = list_of(group.places, [](std::size_t place) { return std::to_string(place); });
        const JsonText fits = list_of(group.fits, [](const std::optional<PowerFit>& fit) {
            const auto four_decimals = [](double value) { return number_json(std::round(value * 1e4) / 1e4); };
            return fit ? "[" + four_decimals(fit->exponent) + "," + four_decimals(fit->r_squared) + "]"
                       : JsonText("null");
        });
        return "[" + places + "," + fits + "]";
    });
}

}  // namespace

std::string report_json(const ReportData& data, const std::string& version) {
    const auto objective = [](const Objective& one) {
        return R"({"metric":)" + text_json(one.metric) + R"(,"maximize":)" + (one.maximize ? "true" : "false") + "}";
    };
    return R"({"version":)" + text_json(version) + ",\n\"sweep\":" + safe_dump(to_json(data.spec)) +
           ",\n\"objectives\":" + list_of(data.objectives, objective) +
           ",\n\"columns\":" + list_json(columns_of(data)) +
           ",\n\"front\":" + list_of(data.front, [](std::size_t place) { return std::to_string(place); }) +
           ",\n\"chosen\":" + (data.chosen ? std::to_string(*data.chosen) : "null") +
           ",\n\"reference\":" + (data.reference ? safe_dump(to_json(*data.reference)) : "null") +
           ",\n\"reference_is_base\":" + (data.reference_is_base ? "true" : "false") +
           ",\n\"has_chip\":" + list_of(data.chips, [](const auto& chip) { return JsonText(chip ? "1" : "0"); }) +
           ",\n\"changes\":" + list_json(changes_of(data)) + ",\n\"options\":" + options_json(data) +
           ",\n\"fitted\":" + list_of(fitted_metrics(data.table), text_json) + ",\n\"groups\":" + groups_json(data) +
           ",\n\"detail\":" + details_json(data) + "\n}";
}

}  // namespace npusim
