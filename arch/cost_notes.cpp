#include "cost_notes.h"

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

void note_fits(const CostModel& model, std::vector<std::string>& notes) {
    const PeSpec& pe = model.arch.array.pe;
    if (!model.pe.measured) {
        notes.push_back("No PE of " + std::to_string(pe.weight_bits) + "x" + std::to_string(pe.activation_bits) +
                        " bits with " + std::to_string(model.arch.array.accumulator_bits) +
                        "-bit partial sums was synthesized: its figures are a fit" +
                        (model.pe.in_range
                             ? ", within " + percent(model.pe.relative_error) + " at the points it was made from."
                             : " beyond the points that it was made from."));
    }
    if (!model.requantizer.in_range) {
        notes.push_back("The requantizer is wider than the points that its fit was made from.");
    }
    if (!model.alu.in_range) {
        notes.push_back("The vector unit's adder is outside the points that its fit was made from.");
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
    note_clock(model, technology, notes);
    note_bank(model, "weight", model.weight_bank, notes);
    note_bank(model, "activation", model.activation_bank, notes);
    note_bank(model, "accumulator", model.accumulator_bank, notes);
    return notes;
}

}  // namespace npusim
