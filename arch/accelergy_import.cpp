// Puts what Accelergy tables have upon a technology table.
#include <algorithm>
#include <optional>

#include "accelergy_tables.h"
#include "npusim/arch/accelergy.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/base/json_reader.h"

namespace npusim {
namespace {

using nlohmann::json;

std::string with_unit(const std::string& technology, int node_nm) {
    if (technology.empty()) return std::to_string(node_nm) + "nm";
    const bool is_number = technology.find_first_not_of("0123456789") == std::string::npos;
    return is_number ? technology + "nm" : technology;
}

/// The rows of the base that stay: all that are its own, but for the kinds that are replaced. Rows of MACs and of PEs
/// stand for all scalar PEs.
json kept_rows(const json& base_group, const json& rows) {
    const auto kind_of = [](const json& row) {
        const bool is_scalar = row.at(0) == "mac" || row.at(0) == "pe" || row.at(0) == "os";
        return is_scalar ? "pe" : row.at(0).get<std::string>();
    };
    json kept = json::array();
    for (const json& old : base_group.at("rows")) {
        const bool is_replaced =
            std::any_of(rows.begin(), rows.end(), [&](const json& row) { return kind_of(row) == kind_of(old); });
        if (!is_replaced) kept.push_back(old);
    }
    return kept;
}

json mac_table(const AccelergyGroups& made, const json& base_document) {
    json rows = made.mac_rows;
    std::string source = join(made.mac_sources, "; ") + "; leakage, critical paths and other areas: " + made.base.name;
    if (base_document.contains("based_on") && base_document.contains("mac_table")) {
        const json& base_group = base_document.at("mac_table");
        const json kept = kept_rows(base_group, rows);
        rows.insert(rows.end(), kept.begin(), kept.end());
        source += "; other kinds: " + base_group.at("source").get<std::string>();
    }
    return {{"unit", "um2, nW, ps, fJ per operation"},
            {"source", source},
            {"error_bound", "the tables state none; energy_relative_error is that of " + made.base.name},
            {"energy_relative_error", made.base.mac_row_relative_error},
            {"note",
             "mac: a multiply-add alone; pe with 0 accumulator bits: a PE with sums of any width; one figure for "
             "uniform and realistic operands; a critical path of 0 is not known"},
            {"columns",
             {"kind", "weight_bits", "activation_bits", "accumulator_bits", "lanes", "area_um2", "leakage_nw",
              "critical_path_ps", "energy_uniform_fj", "energy_realistic_fj"}},
            {"rows", rows}};
}

json fits_of(const AccelergyGroups& made, const json& base_document) {
    json fits = made.fits;
    if (!base_document.contains("based_on") || !base_document.contains("fits")) return fits;
    for (const json& old : base_document.at("fits")) {
        const bool is_replaced = std::any_of(made.fits.begin(), made.fits.end(),
                                             [&](const json& fit) { return fit.at("name") == old.at("name"); });
        if (!is_replaced) fits.push_back(old);
    }
    return fits;
}

json document_of(const AccelergyGroups& made, const json& base_document, const AccelergyBase& base,
                 const std::string& name) {
    // A table that is scaled itself hands its factors and its own groups on; of a complete one it is enough to name it.
    json document = base_document.contains("based_on") ? base_document : json::object();
    document["name"] = name;
    document["description"] =
        made.base.name + " with energies of Accelergy tables, technology " + made.technology + ".";
    document["node_nm"] = made.base.node_nm;
    document["vdd_v"] = made.base.vdd_v;
    document["based_on"] = base.based_on;
    document["voltage"] = base_document.at("voltage");
    for (const auto& [key, group] : made.groups.items()) document[key] = group;
    if (!made.mac_rows.empty()) document["mac_table"] = mac_table(made, base_document);
    if (!made.fits.empty()) document["fits"] = fits_of(made, base_document);
    return document;
}

/// What the new table takes from its base as it is.
std::vector<std::string> kept_parts(const AccelergyGroups& made) {
    const auto has_kind = [&](const std::string& kind) {
        return std::any_of(made.mac_rows.begin(), made.mac_rows.end(),
                           [&](const json& row) { return row.at(0) == kind; });
    };
    std::vector<std::string> kept;
    if (!has_kind("mac") && !has_kind("pe")) kept.emplace_back("scalar PEs");
    kept.emplace_back("dot-product, bit-serial and composable PEs, idle clock, weight loads, requantizer, leakage");
    if (!has_kind("mul")) kept.emplace_back("multiplier (what zero gating saves)");
    if (!has_kind("add")) kept.emplace_back("adder of the vector unit");
    for (const auto& [key, text] :
         {std::pair{"fp32", "fp32 PE"}, {"sram", "SRAM"}, {"dram", "DRAM"}, {"wire", "wires"}}) {
        if (!made.groups.contains(key)) kept.emplace_back(text);
    }
    return kept;
}

}  // namespace

AccelergyImport import_accelergy(const AccelergySource& source, const AccelergyBase& base, const std::string& name) {
    const Technology technology = read_technology(base.file, base.shipped);
    const json base_document = read_json_file(base.file);
    AccelergyGroups made{.base = technology,
                         .technology = with_unit(source.technology, technology.node_nm),
                         .mac = source.mac,
                         .groups = json::object(),
                         .mac_rows = json::array(),
                         .mac_sources = {},
                         .fits = json::array(),
                         .uses = {}};
    AccelergyRead read = read_accelergy_samples(source.path, made.technology);
    made.uses = std::move(read.uses);
    add_accelergy_logic(read.samples, made);
    add_accelergy_fp32(read.samples, made);
    if (read.samples.contains("SRAM")) add_accelergy_sram(read.samples.at("SRAM"), made);
    if (read.samples.contains("DRAM")) add_accelergy_dram(read.samples.at("DRAM"), made);
    if (read.samples.contains("wire")) add_accelergy_wire(read.samples.at("wire"), made);
    std::sort(made.uses.begin(), made.uses.end(), [](const AccelergyUse& a, const AccelergyUse& b) {
        return std::pair(a.file, a.line) < std::pair(b.file, b.line);
    });
    if (std::none_of(made.uses.begin(), made.uses.end(), [](const AccelergyUse& use) { return use.used; })) {
        const AccelergyUse& first = made.uses.front();
        throw InputError(
            source.path.string(), "",
            "no row can be used (" + first.file + ", line " + std::to_string(first.line) + ": " + first.text + ")");
    }
    return {document_of(made, base_document, base, name), made.technology, technology.name, std::move(made.uses),
            kept_parts(made)};
}

}  // namespace npusim
