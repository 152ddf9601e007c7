#include "cost_notes.h"

#include <algorithm>
#include <locale>
#include <sstream>

namespace npusim {
namespace {

/// Three significant digits, the same in every locale.
std::string rounded(double value) {
    std::ostringstream text;
    text.imbue(std::locale::classic());
    text.precision(3);
    text << value;
    return text.str();
}

std::string percent(double fraction) {
    return rounded(100 * fraction) + " %";
}

void note_fp32(const CostModel& model, std::vector<std::string>& notes) {
    notes.push_back("The fp32 PE is estimated: its energy may be wrong by a factor of " +
                    rounded(1 + model.pe.relative_error) + " either way, that of the fp32 vector unit by " +
                    rounded(1 + model.alu.relative_error) + ".");
}

std::string pe_name(const ArchSpec& arch) {
    const PeSpec& pe = arch.array.pe;
    std::string name = pe.kind == PeKind::scalar ? "PE" : std::string(name_of(pe.kind)) + " PE";
    if (pe.kind == PeKind::bit_serial) name = "bit-serial PE";
    name += " of " + std::to_string(pe.weight_bits) + "x" + std::to_string(pe.activation_bits) + " bits";
    if (pe.lanes > 1) name += " and " + std::to_string(pe.lanes) + " lanes";
    return name + " with " + std::to_string(arch.array.accumulator_bits) + "-bit partial sums";
}

void note_pe(const CostModel& model, std::vector<std::string>& notes) {
    const PeSpec& pe = model.arch.array.pe;
    if (!model.pe.measured) {
        const bool has_fit = pe.kind == PeKind::scalar || pe.kind == PeKind::dot;
        std::string note =
            "No " + pe_name(model.arch) + " was synthesized: its figures are " + (has_fit ? "a fit" : "interpolated");
        if (has_fit && model.pe.in_range) {
            note += ", within " + percent(model.pe.relative_error) + " at the points it was made from.";
        } else {
            note += model.pe.in_range ? " between those that were." : " beyond the points that it was made from.";
        }
        notes.push_back(note);
    }
    if (pe.zero_gating && (pe.kind == PeKind::scalar || pe.kind == PeKind::dot)) {
        notes.emplace_back(
            "No PE with zero gating was synthesized: what it saves "
            "is estimated from the multiplier's share.");
    } else if (pe.zero_gating) {
        notes.push_back("Zero gating of " + std::string(name_of(pe.kind)) + " PEs is not priced: nothing is saved.");
    }
}

void note_node(const Technology& technology, std::vector<std::string>& notes) {
    if (technology.based_on.empty()) return;
    const bool own_pe = std::any_of(technology.mac_rows.begin(), technology.mac_rows.end(),
                                    [](const MacRow& row) { return row.kind == "pe" && !row.scaled; });
    notes.push_back("Figures of " + technology.name + (own_pe ? " but those of PEs" : "") + " are those of " +
                    technology.based_on + ", scaled: logic energy may be wrong by a factor of " +
                    rounded(technology.node_errors.logic_energy) + ", SRAM energy by " +
                    rounded(technology.node_errors.sram_energy) + " either way.");
}

void note_fits(const CostModel& model, std::vector<std::string>& notes) {
    note_pe(model, notes);
    if (!model.requantizer.in_range) {
        notes.push_back("The requantizer is wider than the points that its fit was made from.");
    }
    if (!model.alu.in_range) {
        notes.push_back(
            "The vector unit's adder is outside the points that its "
            "fit was made from.");
    }
}

void note_clock(const CostModel& model, const Technology& technology, std::vector<std::string>& notes) {
    const double period_ns = 1000.0 / model.arch.clock_mhz;
    if (model.pe.critical_path_ns <= period_ns) return;
    notes.push_back("The PE's critical path of " + rounded(model.pe.critical_path_ns) + " ns does not fit into the " +
                    rounded(period_ns) + " ns of " + std::to_string(model.arch.clock_mhz) + " MHz: at " +
                    std::to_string(technology.node_nm) + " nm one stage reaches " +
                    rounded(1000 / model.pe.critical_path_ns) +
                    " MHz; more needs a pipeline register, not priced here.");
}

void note_ports(const CostModel& model, std::vector<std::string>& notes) {
    const ArchSpec& arch = model.arch;
    if (arch.weight_buffer.ports + arch.activation_buffer.ports + arch.accumulator_buffer.ports == 3) return;
    notes.emplace_back("What a second SRAM port costs is assumed, not measured.");
}

void note_bank(const CostModel& model, const std::string& buffer, const SramCost& bank,
               std::vector<std::string>& notes) {
    const double period_ns = 1000.0 / model.arch.clock_mhz;
    if (!bank.in_range) {
        notes.push_back("A bank of the " + buffer +
                        " buffer lies outside the SRAM table: its figures are extrapolated.");
    }
    if (bank.access_ns > period_ns) {
        notes.push_back("A bank of the " + buffer + " buffer needs " + rounded(bank.access_ns) +
                        " ns for an access, more than a cycle of " + rounded(period_ns) +
                        " ns: its reads must be pipelined.");
    }
}

}  // namespace

std::vector<std::string> cost_notes(const CostModel& model, const Technology& technology) {
    std::vector<std::string> notes;
    if (model.arch.number_format == NumberFormat::fp32) {
        note_fp32(model, notes);
    } else {
        note_fits(model, notes);
    }
    note_node(technology, notes);
    note_clock(model, technology, notes);
    note_bank(model, "weight", model.weight_bank, notes);
    note_bank(model, "activation", model.activation_bank, notes);
    note_bank(model, "accumulator", model.accumulator_bank, notes);
    note_ports(model, notes);
    return notes;
}

std::string voltage_note(const ArchSpec& arch, const Technology& technology) {
    const VoltageLaw& law = technology.voltage;
    std::string note = "Logic runs at " + rounded(arch.voltage_v) + " V instead of " + rounded(technology.vdd_v) +
                       " V: its energy and leakage are scaled with the square of "
                       "the voltage, its delay by an assumed law";
    if (arch.voltage_v < law.lowest_v || arch.voltage_v > law.highest_v) {
        note += ", and that beyond the " + rounded(law.lowest_v) + " to " + rounded(law.highest_v) +
                " V for which it holds";
    }
    return note + "; SRAM keeps its own supply.";
}

}  // namespace npusim
