// The strict reader of technology tables. Every group of figures must name its unit and its source.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "npusim/arch/technology.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/base/json_reader.h"
#include "technology_scale.h"

namespace npusim {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

constexpr Range<double> positive{1e-12, 1e12};
constexpr Range<double> not_negative{0, 1e12};
constexpr Range<double> a_factor{1, 1000};
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
    {"dot_area", {"L*w*a", "L*(w+a)", "c"}},
    {"dot_energy_uniform", {"L*w*a", "L*(w+a)", "c"}},
    {"dot_energy_realistic", {"L*w*a", "L*(w+a)", "c"}},
    {"multiplier_area", {"w*a", "w+a", "1"}},
    {"multiplier_energy_uniform", {"w*a", "w+a", "1"}},
    {"multiplier_energy_realistic", {"w*a", "w+a", "1"}},
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

const Names mac_kinds{"mul", "pe", "os", "dot", "bit_serial", "composable"};

std::optional<MacRow> mac_row(const json& row) {
    if (!row.is_array() || row.size() != mac_columns.size() || !row[0].is_string()) return std::nullopt;
    for (std::size_t i = 1; i < 5; ++i) {
        if (!row[i].is_number_integer() || row[i] < 0 || row[i] > 4096) return std::nullopt;
    }
    for (std::size_t i = 5; i < row.size(); ++i) {
        if (!row[i].is_number() || row[i].get<double>() <= 0) return std::nullopt;
    }
    const bool known = std::find(mac_kinds.begin(), mac_kinds.end(), row[0].get<std::string>()) != mac_kinds.end();
    if (!known || row[4] < 1 || row[1] < 1 || row[2] < 1) return std::nullopt;
    return MacRow{row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9], false};
}

/// Rows of a kind replace those that the table below has of that kind.
void take_rows(std::vector<MacRow> rows, Technology& technology) {
    std::erase_if(technology.mac_rows, [&](const MacRow& old) {
        return std::any_of(rows.begin(), rows.end(), [&](const MacRow& row) { return row.kind == old.kind; });
    });
    technology.mac_rows.insert(technology.mac_rows.begin(), rows.begin(), rows.end());
}

void read_mac_table(JsonReader group, Technology& technology) {
    std::vector<MacRow> own;
    const json& columns = group.raw("columns");
    if (!columns.is_null() && columns != json(mac_columns)) {
        group.problem("columns", "must be " + json(mac_columns).dump());
    }
    const json& rows = group.raw("rows");
    if (!rows.is_null() && (!rows.is_array() || rows.empty())) group.problem("rows", "an array of rows is needed");
    for (std::size_t i = 0; rows.is_array() && i < rows.size(); ++i) {
        if (const auto row = mac_row(rows[i])) {
            own.push_back(*row);
        } else {
            group.problem("rows", "row " + std::to_string(i) + ": a kind (" + join(mac_kinds) +
                                      "), four whole numbers and five positive numbers are needed");
        }
    }
    take_rows(std::move(own), technology);
    technology.mac_row_relative_error = group.number("energy_relative_error", {0, 0.9});
    finish_group(group);
}

void read_narrow_operands(JsonReader group, Technology& technology) {
    constexpr std::size_t width = 3;
    const json columns = {"pe_bits", "data_bits", "energy_factor"};
    const json& given = group.raw("columns");
    if (!given.is_null() && given != columns) group.problem("columns", "must be " + columns.dump());
    technology.narrow_rows.clear();
    for (const auto& row : read_matrix(group, "rows", width, false)) {
        if (row.size() != width) continue;
        const NarrowRow narrow{static_cast<int>(row[0]), static_cast<int>(row[1]), row[2]};
        if (narrow.data_bits < 1 || narrow.data_bits >= narrow.pe_bits || narrow.factor >= 1) {
            group.problem("rows", "data_bits must be less than pe_bits, and the factor less than 1");
        }
        technology.narrow_rows.push_back(narrow);
    }
    if (technology.narrow_rows.empty() && group.has("rows")) group.problem("rows", "a row is needed");
    finish_group(group);
}

void read_voltage(JsonReader group, Technology& technology) {
    VoltageLaw& law = technology.voltage;
    law.threshold_v = group.number("threshold_v", {0, 5});
    law.alpha = group.number("alpha", {0.5, 3});
    const std::vector<double> valid = group.numbers("valid_v", {0.1, 10});
    if (valid.size() == 2 && valid[0] <= valid[1] && valid[0] > law.threshold_v) {
        law.lowest_v = valid[0];
        law.highest_v = valid[1];
    } else if (group.has("valid_v")) {
        group.problem("valid_v",
                      "the lowest and the highest voltage are needed, "
                      "both above threshold_v");
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

void read_fit(JsonReader& reader, Technology& technology, std::set<std::string>& seen) {
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
    if (!seen.insert(name).second) reader.problem("name", "\"" + name + "\" is given twice");
    finish_group(reader);
    technology.fits[name] = std::move(fit);
}

void read_fits(JsonReader& root, Technology& technology) {
    std::set<std::string> seen;
    for (JsonReader& fit : root.objects("fits")) read_fit(fit, technology, seen);
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

void read_sram_errors(JsonReader reader, SramErrors& errors) {
    errors.read = reader.number("read_pj", a_factor);
    errors.write = reader.number("write_pj", a_factor);
    errors.area = reader.number("area_mm2", a_factor);
    reader.reject_unknown_keys();
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
            group.problem(key,
                          "one row for each of capacity_bytes, one column for "
                          "each of width_bits are needed");
        } else if (!table->empty() && !has_fillable_gaps(*table)) {
            group.problem(key,
                          "null is allowed only before a column's first value, "
                          "and two values must follow");
        }
    }
    JsonReader factors = group.object("error_factors");
    read_sram_errors(factors.object("along_capacity"), sram.along_capacity);
    read_sram_errors(factors.object("along_width"), sram.along_width);
    factors.reject_unknown_keys();
    JsonReader port = group.object("second_port");
    sram.second_port = {port.number("energy", a_factor), port.number("area", a_factor),
                        port.number("leakage", a_factor), port.number("error_factor", a_factor)};
    port.reject_unknown_keys();
    finish_group(group);
}

void read_dram(JsonReader group, Technology& technology) {
    JsonReader types = group.object("pj_per_bit");
    for (const std::string& type : types.keys()) technology.dram_pj_per_bit[type] = types.number(type, positive);
    technology.dram_error_factor = group.number("error_factor", a_factor);
    finish_group(group);
}

void read_wire(JsonReader group, Technology& technology) {
    technology.wire_pj_per_bit_mm = group.number("pj_per_bit_mm", not_negative);
    technology.wire_toggle_probability = group.number("toggle_probability", {0, 1});
    technology.wire_error_factor = group.number("error_factor", a_factor);
    finish_group(group);
}

double read_value(JsonReader group, Range<double> allowed) {
    const double value = group.number("value", allowed);
    finish_group(group);
    return value;
}

void read_weight_load(JsonReader group, Technology& technology) {
    technology.weight_load_error_factor = group.number("error_factor", a_factor);
    technology.weight_load_fj_per_bit = read_value(std::move(group), not_negative);
}

double read_factor(JsonReader& scale, const std::string& key, double& error_factor) {
    JsonReader group = scale.object(key);
    error_factor = group.number("error_factor", a_factor);
    return read_value(std::move(group), {1e-4, 1e4});
}

/// The table that this one builds on, scaled.
Technology scaled_base(JsonReader& root, const std::filesystem::path& path) {
    const std::string name = root.text("based_on");
    const std::filesystem::path file = (path.parent_path() / name).lexically_normal();
    const json base_document = read_json_file(file);
    if (base_document.is_object() && base_document.contains("based_on")) {
        root.problem("based_on", "\"" + name +
                                     "\" builds on another table itself; one with "
                                     "all figures is needed");
    }
    root.finish();
    Technology technology = read_technology(file);
    technology.based_on = technology.name;
    JsonReader scale = root.object("scale");
    NodeErrors& errors = technology.node_errors;
    double ignored = 1;
    NodeScale factors;
    factors.logic.energy = read_factor(scale, "logic_energy", errors.logic_energy);
    factors.logic.area = read_factor(scale, "logic_area", errors.logic_area);
    factors.logic.leakage = read_factor(scale, "logic_leakage", errors.logic_leakage);
    factors.logic.delay = read_factor(scale, "logic_delay", ignored);
    factors.sram_energy = read_factor(scale, "sram_energy", errors.sram_energy);
    factors.sram_area = read_factor(scale, "sram_area", errors.sram_area);
    factors.sram_leakage = read_factor(scale, "sram_leakage", errors.sram_leakage);
    factors.sram_delay = read_factor(scale, "sram_delay", ignored);
    factors.wire_energy = read_factor(scale, "wire_energy", ignored);
    scale.reject_unknown_keys();
    return scaled_to_node(std::move(technology), factors);
}

void read_groups(JsonReader& root, Technology& technology) {
    const bool needed = technology.based_on.empty();
    const auto given = [&](const char* key) { return needed || root.has(key); };
    if (given("cell_utilization")) technology.cell_utilization = read_value(root.object("cell_utilization"), {0.05, 1});
    if (given("mac_table")) read_mac_table(root.object("mac_table"), technology);
    if (given("fits")) read_fits(root, technology);
    if (given("narrow_operands")) read_narrow_operands(root.object("narrow_operands"), technology);
    if (given("register")) read_register(root.object("register"), technology);
    if (given("weight_load")) read_weight_load(root.object("weight_load"), technology);
    if (given("logic_leakage")) {
        technology.logic_leakage_nw_per_um2 = read_value(root.object("logic_leakage"), not_negative);
    }
    if (given("fp32")) read_fp32(root.object("fp32"), technology);
    if (given("sram")) read_sram(root.object("sram"), technology.sram);
    if (given("dram")) read_dram(root.object("dram"), technology);
    if (given("wire")) read_wire(root.object("wire"), technology);
    read_voltage(root.object("voltage"), technology);
}

}  // namespace

Technology read_technology(const std::filesystem::path& path) {
    const std::string text = read_text_file(path);
    const json document = parse_json(text, path.string());
    JsonReader root(document, path.string());
    Technology technology;
    if (root.has("based_on")) technology = scaled_base(root, path);
    // Whoever knows the hash knows every figure, those of the table below too.
    technology.content_hash = content_hash(technology.content_hash + text);
    technology.file = path.string();
    technology.name = root.text("name");
    root.text_or("description", "");
    technology.node_nm = static_cast<int>(root.integer("node_nm", {1, 1000}));
    technology.vdd_v = root.number("vdd_v", {0.1, 10});
    read_groups(root, technology);
    root.reject_unknown_keys();
    root.finish();
    return technology;
}

}  // namespace npusim
