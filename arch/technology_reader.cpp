// The strict reader of technology tables. Every group of figures must name its unit and its source.
#include <algorithm>

#include "npusim/arch/technology.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/base/json_reader.h"
#include "technology_groups.h"
#include "technology_lookup.h"
#include "technology_scale.h"

namespace npusim {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

constexpr Range<double> positive{1e-12, 1e12};
constexpr Range<double> not_negative{0, 1e12};
constexpr Range<double> a_factor{1, 1000};

const Names mac_columns{"kind",     "weight_bits", "activation_bits",  "accumulator_bits",  "lanes",
                        "area_um2", "leakage_nw",  "critical_path_ps", "energy_uniform_fj", "energy_realistic_fj"};

const Names mac_kinds{"mul", "pe", "os", "dot", "bit_serial", "composable", "mac", "add"};
constexpr std::size_t critical_path_column = 7;

std::optional<MacRow> mac_row(const json& row) {
    if (!row.is_array() || row.size() != mac_columns.size() || !row[0].is_string()) return std::nullopt;
    for (std::size_t i = 1; i < 5; ++i) {
        if (!row[i].is_number_integer() || row[i] < 0 || row[i] > 4096) return std::nullopt;
    }
    for (std::size_t i = 5; i < row.size(); ++i) {
        const bool may_be_unknown = i == critical_path_column && row[i] == 0;
        if (!row[i].is_number() || (row[i].get<double>() <= 0 && !may_be_unknown)) return std::nullopt;
    }
    const bool known = std::find(mac_kinds.begin(), mac_kinds.end(), row[0].get<std::string>()) != mac_kinds.end();
    if (!known || row[4] < 1 || row[1] < 1 || row[2] < 1) return std::nullopt;
    return MacRow{row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9], false};
}

/// Rows of a kind replace those that the table below has of that kind. Those of MACs, and of PEs with sums of any
/// width, stand for all scalar PEs, so that PEs of two tables are not mixed.
bool replaces(const MacRow& row, const MacRow& old) {
    const bool is_any_scalar = row.kind == "mac" || (row.kind == "pe" && row.accumulator_bits == 0);
    if (is_any_scalar) return old.kind == "mac" || old.kind == "pe" || old.kind == "os";
    return row.kind == old.kind || (row.kind == "pe" && (old.kind == "mac" || old.kind == "os"));
}

void take_rows(std::vector<MacRow> rows, Technology& technology) {
    std::erase_if(technology.mac_rows, [&](const MacRow& old) {
        return std::any_of(rows.begin(), rows.end(), [&](const MacRow& row) { return replaces(row, old); });
    });
    const bool has_ratios = std::any_of(rows.begin(), rows.end(), [](const MacRow& row) { return row.kind == "os"; });
    if (has_ratios) technology.output_stationary_ratios.clear();
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

void read_register(JsonReader group, Technology& technology) {
    technology.register_area_um2_per_bit = group.number("area_um2_per_bit", positive);
    technology.register_leakage_nw_per_bit = group.number("leakage_nw_per_bit", not_negative);
    technology.register_clock_fj_per_bit_cycle = group.number("clock_fj_per_bit_cycle", positive);
    technology.register_data_fj_per_bit_cycle = group.number("data_fj_per_bit_cycle", positive);
    finish_group(group);
}

FloatingUnits read_floating(JsonReader group) {
    FloatingUnits units;
    units.mac_energy_fj = group.number("mac_energy_fj", positive);
    units.mac_area_um2 = group.number("mac_area_um2", positive);
    units.mac_relative_error = group.number("mac_relative_error", {0, 10});
    units.add_energy_fj = group.number("add_energy_fj", positive);
    units.add_area_um2 = group.number("add_area_um2", positive);
    units.add_relative_error = group.number("add_relative_error", {0, 10});
    finish_group(group);
    return units;
}

/// Tables from before there were 16-bit formats have fp32 only.
void read_floating_formats(JsonReader& root, Technology& technology, bool fp32_needed) {
    for (const NumberFormat format : {NumberFormat::fp32, NumberFormat::fp16, NumberFormat::bf16}) {
        const std::string key(name_of(format));
        const bool needed = fp32_needed && format == NumberFormat::fp32;
        if (needed || root.has(key)) technology.floating[format] = read_floating(root.object(key));
    }
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

/// The table that `root` builds on: beside it, or among those that ship.
std::filesystem::path base_file(const std::string& name, const std::filesystem::path& path,
                                const std::filesystem::path& shipped) {
    const std::filesystem::path beside = (path.parent_path() / name).lexically_normal();
    const std::filesystem::path other = (shipped / name).lexically_normal();
    std::error_code ignored;
    const bool is_shipped = !shipped.empty() && !std::filesystem::is_regular_file(beside, ignored) &&
                            std::filesystem::is_regular_file(other, ignored);
    return is_shipped ? other : beside;
}

/// The table that this one builds on, scaled.
Technology scaled_base(JsonReader& root, const std::filesystem::path& path, const std::filesystem::path& shipped) {
    const std::string name = root.text("based_on");
    const std::filesystem::path file = base_file(name, path, shipped);
    const json base_document = read_json_file(file);
    if (base_document.is_object() && base_document.contains("based_on")) {
        root.problem("based_on", "\"" + name +
                                     "\" builds on another table itself; one with "
                                     "all figures is needed");
    }
    root.finish();
    Technology technology = read_technology(file);
    technology.based_on = technology.name;
    if (!root.has("scale")) {
        if (root.integer("node_nm", {1, 1000}) != technology.node_nm) {
            root.problem("scale", "is missing; only a table of the node of its base (" +
                                      std::to_string(technology.node_nm) + " nm) takes the figures as they are");
        }
        return technology;
    }
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
    read_floating_formats(root, technology, needed);
    if (given("sram")) read_sram(root.object("sram"), technology.sram);
    if (given("dram")) read_dram(root.object("dram"), technology);
    if (given("wire")) read_wire(root.object("wire"), technology);
    read_voltage(root.object("voltage"), technology);
}

}  // namespace

Technology read_technology(const std::filesystem::path& path, const std::filesystem::path& shipped) {
    return parse_technology(read_text_file(path), path, shipped);
}

Technology parse_technology(const std::string& text, const std::filesystem::path& path,
                            const std::filesystem::path& shipped) {
    const json document = parse_json(text, path.string());
    JsonReader root(document, path.string());
    Technology technology;
    if (root.has("based_on")) technology = scaled_base(root, path, shipped);
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
    finish_output_stationary(technology);
    return technology;
}

}  // namespace npusim
