#include "cost_notes.h"

#include <algorithm>
#include <locale>
#include <sstream>

#include "npusim/arch/pe_registers.h"

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

void note_floating(const CostModel& model, std::vector<std::string>& notes) {
    notes.push_back("The " + std::string(name_of(model.arch.number_format)) +
                    " PE is estimated: its energy may be wrong by a factor of " + rounded(1 + model.pe.relative_error) +
                    " either way, that of the fp32 vector unit by " + rounded(1 + model.alu.relative_error) + ".");
}

std::string pe_name(const ArchSpec& arch) {
    const PeSpec& pe = arch.array.pe;
    const bool sums_stay = possible_dataflows(arch.array) == std::vector{Dataflow::output_stationary};
    std::string name = pe.kind == PeKind::scalar ? "PE" : std::string(name_of(pe.kind)) + " PE";
    if (pe.kind == PeKind::bit_serial) name = "bit-serial PE";
    if (pe.kind == PeKind::scalar && sums_stay) name = "output-stationary PE";
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

/// What PEs of another dataflow than the synthesized ones' are priced as.
void note_dataflows(const CostModel& model, const Technology& technology, std::vector<std::string>& notes) {
    const PeKind kind = model.arch.array.pe.kind;
    const std::vector<Dataflow> dataflows = possible_dataflows(model.arch.array);
    const auto may_run = [&](Dataflow dataflow) {
        return std::find(dataflows.begin(), dataflows.end(), dataflow) != dataflows.end();
    };
    if (dataflows.size() > 1) {
        notes.emplace_back(
            "Layers may run in several dataflows: a PE's area is that of the dearest, its energy each layer's own.");
    }
    if (may_run(Dataflow::output_stationary) && kind == PeKind::scalar && technology.output_stationary_ratios.empty()) {
        notes.push_back(
            technology.name +
            " has no output-stationary PE: one is priced as weight-stationary, within a factor of 1.2 more.");
    } else if (may_run(Dataflow::output_stationary) && kind != PeKind::scalar) {
        notes.push_back("No output-stationary " + std::string(name_of(kind)) +
                        " PE was synthesized: it is priced as a weight-stationary one that loads a weight for each "
                        "product.");
    }
    if (may_run(Dataflow::input_stationary)) {
        notes.push_back("No input-stationary PE was synthesized: it is priced as a weight-stationary one" +
                        std::string(kind == PeKind::bit_serial ? "." : " whose operands have changed places."));
    }
}

/// Whether a layer gives the PEs narrower products than they are built for.
bool has_narrower_products(const ArchSpec& arch) {
    const PeSpec& pe = arch.array.pe;
    const auto narrower = [](int bits, int pe_bits) { return bits % pe_bits != 0; };
    const PrecisionSpec& precision = arch.precision;
    const auto differs = [&](int weight_bits, int activation_bits) {
        return narrower(weight_bits, pe.weight_bits) || narrower(activation_bits, pe.activation_bits);
    };
    return differs(precision.weight_bits, precision.activation_bits) ||
           differs(precision.first_last_bits, precision.first_last_bits) ||
           narrower(precision.input_bits, pe.activation_bits) ||
           narrower(precision.residual_bits, pe.activation_bits) ||
           std::any_of(precision.layers.begin(), precision.layers.end(), [&](const auto& layer) {
               return differs(layer.second.weight_bits, layer.second.activation_bits);
           });
}

/// Of scalar and dot PEs; the others have prices for narrower products of their own.
void note_narrower(const CostModel& model, const Technology& technology, std::vector<std::string>& notes) {
    const PeSpec& pe = model.arch.array.pe;
    const bool is_fixed = pe.kind == PeKind::scalar || pe.kind == PeKind::dot;
    if (!is_fixed || !has_narrower_products(model.arch) || technology.narrow_rows.empty()) return;
    int narrowest = technology.narrow_rows.front().pe_bits;
    int widest = narrowest;
    for (const NarrowRow& row : technology.narrow_rows) {
        narrowest = std::min(narrowest, row.pe_bits);
        widest = std::max(widest, row.pe_bits);
    }
    const auto outside = [&](int bits) { return bits < narrowest || bits > widest; };
    if (outside(pe.weight_bits) || outside(pe.activation_bits)) {
        notes.push_back("What narrower data save is extrapolated: it was measured on PEs of " +
                        std::to_string(narrowest) + " to " + std::to_string(widest) + " bits.");
    } else if (pe.kind == PeKind::dot) {
        notes.emplace_back("What narrower data save was measured on scalar PEs, not on dot PEs.");
    }
}

/// Whether PEs as the chip's are the table's own, not those of the table that it builds on.
bool has_own_pes(const ArchSpec& arch, const Technology& technology) {
    if (arch.number_format != NumberFormat::integer) return false;
    const PeKind kind = arch.array.pe.kind;
    return std::any_of(technology.mac_rows.begin(), technology.mac_rows.end(), [&](const MacRow& row) {
        const bool is_such = kind == PeKind::scalar ? row.kind == "pe" || row.kind == "mac" : row.kind == name_of(kind);
        return is_such && !row.scaled;
    });
}

void note_node(const ArchSpec& arch, const Technology& technology, std::vector<std::string>& notes) {
    if (technology.based_on.empty()) return;
    const bool is_scaled =
        std::any_of(technology.fits.begin(), technology.fits.end(), [](const auto& fit) { return fit.second.scaled; });
    if (!is_scaled) {
        notes.push_back("Figures that " + technology.name + " does not have itself are those of " +
                        technology.based_on + ".");
        return;
    }
    notes.push_back("Figures of " + technology.name + (has_own_pes(arch, technology) ? " but those of PEs" : "") +
                    " are those of " + technology.based_on + ", scaled: logic energy may be wrong by a factor of " +
                    rounded(technology.node_errors.logic_energy) + ", SRAM energy by " +
                    rounded(technology.node_errors.sram_energy) + " either way.");
}

void note_fits(const CostModel& model, const Technology& technology, std::vector<std::string>& notes) {
    note_pe(model, notes);
    note_dataflows(model, technology, notes);
    note_narrower(model, technology, notes);
    if (!model.requantizer.in_range) {
        notes.emplace_back("The requantizer is outside the points that its fit was made from.");
    }
    if (!model.alu.in_range) {
        notes.push_back(
            "The vector unit's adder is outside the points that its "
            "fit was made from.");
    }
}

void note_clock(const CostModel& model, const Technology& technology, std::vector<std::string>& notes) {
    const double period_ns = 1000.0 / model.arch.clock_mhz;
    if (model.pe.critical_path_ns == 0 && model.arch.number_format == NumberFormat::integer) {
        notes.push_back("No PE near this one was synthesized: whether it reaches " +
                        std::to_string(model.arch.clock_mhz) + " MHz is not known.");
    }
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
    if (model.arch.number_format != NumberFormat::integer) {
        note_floating(model, notes);
    } else {
        note_fits(model, technology, notes);
    }
    note_node(model.arch, technology, notes);
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
