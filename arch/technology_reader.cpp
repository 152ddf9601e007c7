// The strict reader of technology tables. Every group of figures must name its unit and its source.
#include <array>
#include <cmath>
#include <limits>

#include "npusim/arch/technology.h"
#include "npusim/base/files.h"
#include "npusim/base/json_reader.h"

namespace npusim {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

constexpr Range<double> positive{1e-12, 1e12};
constexpr Range<double> not_negative{0, 1e12};
constexpr Range<double> any_number{-1e12, 1e12};

/// The terms that each fit must have, in the order in which technology.cpp evaluates them.
const std::vector<std::pair<std::string, Names>> known_fits{
    {"pe_area", {"w*a", "w+a", "c"}},
    {"pe_leakage", {"w*a", "w+a", "c"}},
    {"pe_energy_uniform", {"w*a", "w+a", "c"}},
    {"pe_energy_realistic", {"w*a", "w+a", "c"}},
    {"pe_w1_area", {"a", "c"}},
    {"pe_w1_energy_uniform", {"a", "c"}},
    {"pe_w1_energy_realistic", {"a", "c"}},
    {"requantizer_area", {"c*s", "c+s", "o"}},
    {"requantizer_energy_uniform", {"c*s", "c+s", "o"}},
    {"requantizer_energy_realistic", {"c*s", "c+s", "o"}},
    {"adder_area", {"c", "c*log2(c)"}},
    {"adder_energy_uniform", {"c", "c*log2(c)"}},
};

/// Unit and source are required; the rest explains.
void finish_group(JsonReader& group) {
    for (const auto& key : {"unit", "source"}) {
        const bool is_empty = group.text(key).empty() && group.has(key) && group.raw(key).is_string();
        if (is_empty) group.problem(key, "must not be empty: every figure names its unit and its source");
    }
    for (const auto& key : {"error_bound", "note"}) group.text_or(key, "");
    group.reject_unknown_keys();
}

/// The rows of a matrix of `columns` numbers; null is NaN where allowed. Empty after a problem.
std::vector<std::vector<double>> read_matrix(JsonReader& reader, const std::string& key, std::size_t columns,
                                             bool null_allowed) {
    std::vector<std::vector<double>> matrix;
    const json& rows = reader.raw(key);
    if (!rows.is_array()) {
        if (!rows.is_null()) reader.problem(key, "an array of rows is needed");
        return {};
    }
    for (const json& row : rows) {
        const bool well_formed = row.is_array() && row.size() == columns;
        std::vector<double> values;
        for (std::size_t column = 0; well_formed && column < columns; ++column) {
            const bool is_gap = null_allowed && row[column].is_null();
            const bool is_value = row[column].is_number() && row[column].get<double>() > 0;
            if (is_gap) values.push_back(std::numeric_limits<double>::quiet_NaN());
            if (is_value) values.push_back(row[column].get<double>());
        }
        if (values.size() != columns) {
            reader.problem(key, "row " + std::to_string(matrix.size()) + ": " + std::to_string(columns) +
                                    " positive numbers are needed");
        }
        matrix.push_back(std::move(values));
    }
    return matrix;
}

const Names mac_columns{"kind",     "weight_bits", "activation_bits",  "accumulator_bits",  "lanes",
                        "area_um2", "leakage_nw",  "critical_path_ps", "energy_uniform_fj", "energy_realistic_fj"};

std::optional<MacRow> mac_row(const json& row) {
    if (!row.is_array() || row.size() != mac_columns.size() || !row[0].is_string()) return std::nullopt;
    for (std::size_t i = 1; i < 5; ++i) {
        if (!row[i].is_number_integer() || row[i] < 0 || row[i] > 4096) return std::nullopt;
    }
    for (std::size_t i = 5; i < row.size(); ++i) {
        if (!row[i].is_number() || row[i].get<double>() <= 0) return std::nullopt;
    }
    return MacRow{row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9]};
}

void read_mac_table(JsonReader group, Technology& technology) {
    const json& columns = group.raw("columns");
    if (!columns.is_null() && columns != json(mac_columns)) {
        group.problem("columns", "must be " + json(mac_columns).dump());
    }
    const json& rows = group.raw("rows");
    if (!rows.is_null() && (!rows.is_array() || rows.empty())) group.problem("rows", "an array of rows is needed");
    for (std::size_t i = 0; rows.is_array() && i < rows.size(); ++i) {
        if (const auto row = mac_row(rows[i])) {
            technology.mac_rows.push_back(*row);
        } else {
            group.problem("rows", "row " + std::to_string(i) +
                                      ": a kind, four whole numbers and five positive numbers are needed");
        }
    }
    finish_group(group);
}

std::map<std::string, std::pair<double, double>> read_valid(JsonReader valid) {
    std::map<std::string, std::pair<double, double>> ranges;
    for (const std::string& variable : valid.keys()) {
        const std::vector<double> ends = valid.numbers(variable, not_negative);
        if (ends.size() == 2 && ends[0] <= ends[1]) {
            ranges[variable] = {ends[0], ends[1]};
        } else {
            valid.problem(variable, "the lowest and the highest value are needed");
        }
    }
    return ranges;
}

void read_fit(JsonReader& reader, Technology& technology) {
    const Names terms = reader.choice("name", known_fits);
    const std::string name = reader.text("name");
    Fit fit;
    fit.coefficients = reader.numbers("coefficients", any_number);
    fit.valid = read_valid(reader.object("valid"));
    fit.max_relative_error = reader.number("max_relative_error", {0, 10});
    reader.number_or("mean_relative_error", {0, 10}, 0);
    reader.integer_or("points", {1, 1000000}, 1);
    const json& given_terms = reader.raw("terms");
    if (!given_terms.is_null() && given_terms != json(terms)) reader.problem("terms", "must be " + json(terms).dump());
    if (fit.coefficients.size() != terms.size()) reader.problem("coefficients", "one for each term is needed");
    if (technology.fits.contains(name)) reader.problem("name", "\"" + name + "\" is given twice");
    finish_group(reader);
    technology.fits[name] = std::move(fit);
}

void read_fits(JsonReader& root, Technology& technology) {
    for (JsonReader& fit : root.objects("fits")) read_fit(fit, technology);
    for (const auto& [name, terms] : known_fits) {
        if (!technology.fits.contains(name)) root.problem("fits", "the fit \"" + name + "\" is missing");
    }
}

void read_register(JsonReader group, Technology& technology) {
    technology.register_area_um2_per_bit = group.number("area_um2_per_bit", positive);
    technology.register_leakage_nw_per_bit = group.number("leakage_nw_per_bit", not_negative);
    technology.register_clock_fj_per_bit_cycle = group.number("clock_fj_per_bit_cycle", positive);
    technology.register_data_fj_per_bit_cycle = group.number("data_fj_per_bit_cycle", positive);
    finish_group(group);
}

void read_fp32(JsonReader group, Technology& technology) {
    technology.fp32_mac_energy_fj = group.number("mac_energy_fj", positive);
    technology.fp32_mac_area_um2 = group.number("mac_area_um2", positive);
    technology.fp32_relative_error = group.number("mac_relative_error", {0, 10});
    technology.fp32_add_energy_fj = group.number("add_energy_fj", positive);
    technology.fp32_add_area_um2 = group.number("add_area_um2", positive);
    technology.fp32_add_relative_error = group.number("add_relative_error", {0, 10});
    finish_group(group);
}

bool is_axis(const std::vector<double>& values) {
    for (std::size_t i = 1; i < values.size(); ++i) {
        if (values[i] <= values[i - 1]) return false;
    }
    return values.size() >= 2;
}

/// Gaps stand only at the small capacities, and two values follow: what filling a gap along its column needs.
bool has_fillable_gaps(const std::vector<std::vector<double>>& matrix) {
    for (std::size_t column = 0; column < matrix.front().size(); ++column) {
        for (std::size_t row = 0; row < matrix.size(); ++row) {
            const bool last_two = row + 2 >= matrix.size();
            const bool after_value = row > 0 && !std::isnan(matrix[row - 1][column]);
            if (std::isnan(matrix[row][column]) && (last_two || after_value)) return false;
        }
    }
    return true;
}

bool is_complete(const std::vector<std::vector<double>>& matrix, std::size_t rows, std::size_t columns) {
    if (matrix.size() != rows) return false;
    for (const auto& row : matrix) {
        if (row.size() != columns) return false;
    }
    return true;
}

void read_sram(JsonReader group, SramTable& sram) {
    sram.capacity_bytes = group.numbers("capacity_bytes", positive);
    sram.width_bits = group.numbers("width_bits", positive);
    if (!is_axis(sram.capacity_bytes)) group.problem("capacity_bytes", "two or more increasing values are needed");
    if (!is_axis(sram.width_bits)) group.problem("width_bits", "two or more increasing values are needed");
    const std::array<std::pair<std::string, std::vector<std::vector<double>>*>, 5> tables{
        {{"read_pj", &sram.read_pj},
         {"write_pj", &sram.write_pj},
         {"area_mm2", &sram.area_mm2},
         {"leakage_mw", &sram.leakage_mw},
         {"access_ns", &sram.access_ns}}};
    for (const auto& [key, table] : tables) {
        *table = read_matrix(group, key, sram.width_bits.size(), true);
        if (!is_complete(*table, sram.capacity_bytes.size(), sram.width_bits.size())) {
            group.problem(key, "one row for each of capacity_bytes, one column for each of width_bits are needed");
        } else if (!table->empty() && !has_fillable_gaps(*table)) {
            group.problem(key, "null is allowed only before a column's first value, and two values must follow");
        }
    }
    finish_group(group);
}

void read_dram(JsonReader group, Technology& technology) {
    JsonReader types = group.object("pj_per_bit");
    for (const std::string& type : types.keys()) technology.dram_pj_per_bit[type] = types.number(type, positive);
    finish_group(group);
}

void read_wire(JsonReader group, Technology& technology) {
    technology.wire_pj_per_bit_mm = group.number("pj_per_bit_mm", not_negative);
    technology.wire_toggle_probability = group.number("toggle_probability", {0, 1});
    finish_group(group);
}

double read_value(JsonReader group, Range<double> allowed) {
    const double value = group.number("value", allowed);
    finish_group(group);
    return value;
}

}  // namespace

Technology read_technology(const std::filesystem::path& path) {
    const std::string text = read_text_file(path);
    const json document = parse_json(text, path.string());
    JsonReader root(document, path.string());
    Technology technology;
    technology.file = path.string();
    technology.content_hash = content_hash(text);
    technology.name = root.text("name");
    root.text_or("description", "");
    technology.node_nm = static_cast<int>(root.integer("node_nm", {1, 1000}));
    technology.vdd_v = root.number("vdd_v", {0.1, 10});
    technology.cell_utilization = read_value(root.object("cell_utilization"), {0.05, 1});
    read_mac_table(root.object("mac_table"), technology);
    read_fits(root, technology);
    read_register(root.object("register"), technology);
    technology.weight_load_fj_per_bit = read_value(root.object("weight_load"), not_negative);
    technology.logic_leakage_nw_per_um2 = read_value(root.object("logic_leakage"), not_negative);
    read_fp32(root.object("fp32"), technology);
    read_sram(root.object("sram"), technology.sram);
    read_dram(root.object("dram"), technology);
    read_wire(root.object("wire"), technology);
    root.reject_unknown_keys();
    root.finish();
    return technology;
}

}  // namespace npusim
