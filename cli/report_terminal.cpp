#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <ostream>

#include "cli/format.h"
#include "cli/printers.h"
#include "npusim/base/error.h"

namespace npusim::cli {
namespace {

constexpr std::size_t label_width = 11;
constexpr double mb_per_gb = 1000;

class Head {
public:
    Head(const Report& report, const Style& style, std::ostream& out) : report_(report), style_(style), out_(out) {}

    void print() {
        print_inputs();
        print_accuracy();
        out_ << '\n';
        print_speed();
        print_power();
        print_memory();
    }

private:
    void line(const std::string& label, const std::string& text) {
        std::string shown = label;
        for (const std::string& part : wrap_text(text, kReportWidth - label_width)) {
            out_ << style_.bold(pad_right(shown, label_width)) << part << '\n';
            shown.clear();
        }
    }

    /// "weight-stationary"
    static std::string dataflow_text(Dataflow dataflow) {
        std::string text(name_of(dataflow));
        std::replace(text.begin(), text.end(), '_', '-');
        return text;
    }

    static std::string floating_text(NumberFormat format) {
        if (format == NumberFormat::fp32) return "32-bit floating point";
        return std::string(name_of(format)) + ", sums in 32-bit floating point";
    }

    /// "auto-dataflow (fastest)"
    static std::string dataflow_text(const ArraySpec& array) {
        if (!array.auto_dataflow) return dataflow_text(array.dataflow);
        return "auto-dataflow (" + std::string(name_of(*array.auto_dataflow)) + ")";
    }

    [[nodiscard]] std::string pe_text(const PeSpec& pe) const {
        if (!is_integer()) return std::string(name_of(report_.arch.number_format)) + " PEs";
        const std::string lanes = " PEs of " + std::to_string(pe.lanes) + " lanes";
        const std::string bits = std::to_string(pe.weight_bits) + "x" + std::to_string(pe.activation_bits) + "-bit ";
        switch (pe.kind) {
            case PeKind::scalar:
                break;
            case PeKind::dot:
                return bits + "dot" + lanes;
            case PeKind::composable:
                return bits + "composable PEs";
            case PeKind::bit_serial:
                return "bit-serial" + lanes + " for " + std::to_string(pe.weight_bits) + "-bit weights";
        }
        return bits + "PEs";
    }

    /// "weight-stationary in 12 layers, output-stationary in 3"
    void print_dataflows() {
        std::map<Dataflow, std::size_t> layers;
        for (const LayerFacts& facts : report_.layers) {
            if (facts.dataflow) ++layers[*facts.dataflow];
        }
        std::string text;
        for (const auto& [dataflow, count] : layers) {
            text += (text.empty() ? "" : ", ") + dataflow_text(dataflow) + " in " + std::to_string(count);
            if (dataflow == layers.begin()->first) text += count == 1 ? " layer" : " layers";
        }
        if (!text.empty()) line("dataflows", text);
    }

    void print_inputs() {
        const NetworkFacts& network = report_.network;
        const ArchSpec& arch = report_.arch;
        const ArraySpec& array = arch.array;
        const TensorShape& shape = network.input_shape;
        const std::string input = ", " + std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" +
                                  std::to_string(shape.width);
        line("network", network.title + (network.shapes_only ? "" : input) + ", " +
                            si(static_cast<double>(network.macs), "MAC") + ", " +
                            si(static_cast<double>(network.parameters), " parameters"));
        line("chip", arch.name + ": " + std::to_string(array.rows) + "x" + std::to_string(array.columns) + " " +
                         dataflow_text(array) + " " + pe_text(array.pe) + ", " +
                         std::to_string(array.accumulator_bits) + "-bit sums, " + std::to_string(arch.clock_mhz) +
                         " MHz, " + arch.dram.type + " " +
                         trimmed(static_cast<double>(arch.dram.bandwidth_mb_s) / mb_per_gb) + " GB/s");
        print_dataflows();
        line("precision", precision_text());
        line("technology", report_.provenance.technology + " (" +
                               std::filesystem::path(report_.provenance.technology_file).filename().string() + ")");
    }

    [[nodiscard]] bool is_integer() const { return report_.arch.number_format == NumberFormat::integer; }

    [[nodiscard]] std::string precision_text() const {
        if (!is_integer()) return floating_text(report_.arch.number_format);
        const PrecisionSpec& precision = report_.arch.precision;
        const auto bits = [](int value) { return std::to_string(value); };
        if (report_.network.shapes_only) {
            return "weights " + bits(precision.weight_bits) + ", activations " + bits(precision.activation_bits) +
                   ", in every layer";
        }
        std::string text = "weights " + bits(precision.weight_bits) + ", activations " +
                           bits(precision.activation_bits) + ", first/last " + bits(precision.first_last_bits) +
                           ", residuals " + bits(precision.residual_bits) + ", input " + bits(precision.input_bits) +
                           "; ";
        return text.append(name_of(precision.scales))
            .append(" ")
            .append(name_of(precision.granularity))
            .append(", ")
            .append(name_of(precision.rounding))
            .append(precision.batch_norm == BatchNormPlacement::weights ? ", batch norm in weights" : "");
    }

    void print_accuracy() {
        const Accuracy& accuracy = report_.accuracy;
        if (!accuracy.missing.empty()) {
            line("accuracy", accuracy.missing);
            if (!accuracy.published.empty()) line("published", accuracy.published);
        } else {
            line("accuracy", accuracy_text(accuracy));
            if (!accuracy.origin.empty()) line("networks", accuracy.origin);
        }
        if (report_.proof) print_proof(*report_.proof);
        if (report_.safe_accumulator_bits > report_.arch.array.accumulator_bits) {
            line("overflow", style_.warning("possible: " + report_.safe_accumulator_layer + " needs accumulators of " +
                                            std::to_string(report_.safe_accumulator_bits) + " bits"));
        }
    }

    static std::string accuracy_text(const Accuracy& accuracy) {
        const auto count = [](std::int64_t value) { return thousands(static_cast<std::uint64_t>(value)); };
        std::vector<std::string> parts;
        const auto add = [&](const std::string& name, const std::optional<double>& top1, bool compared) {
            if (!top1) return;
            std::string text = name + " " + percent_text(*top1);
            if (compared && accuracy.fp32_top1) {
                const double loss = *accuracy.fp32_top1 - *top1;
                text += std::string(" (") + (loss > 0 ? "-" : "+") + fixed_percent(std::abs(loss)) + " points)";
            }
            parts.push_back(text);
        };
        add("fp32", accuracy.fp32_top1, false);
        add("quantized", accuracy.quantized_top1, true);
        if (accuracy.quantized_top1)
            parts.back() += ", calibrated on " + count(accuracy.calibration_images) + " images";
        add("fine-tuned", accuracy.tuned_top1, true);
        const std::string of =
            accuracy.test_images == accuracy.test_images_of ? "" : " of " + count(accuracy.test_images_of);
        return "top-1 " + join(parts) + ", on " + count(accuracy.test_images) + of + " test images";
    }

    static std::string percent_text(double fraction) { return fixed_percent(fraction) + " %"; }
    static std::string fixed_percent(double fraction) {
        const std::int64_t hundredths = std::llround(fraction * 10'000);
        const std::string rest = std::to_string(hundredths % 100);
        return std::to_string(hundredths / 100) + "." + (rest.size() < 2 ? "0" : "") + rest;
    }

    void print_proof(const Proof& proof) {
        std::string text = "proved on " + std::to_string(proof.images) + (proof.images == 1 ? " image" : " images") +
                           ": the simulated machine's logits equal the engine's to the bit";
        std::vector<std::string> random;
        if (proof.random_weights) random.emplace_back("weights");
        if (proof.random_images) random.emplace_back("images");
        if (!random.empty()) text += " (random " + join(random, " and ") + ")";
        text += "; " + percent(static_cast<double>(proof.zero_activation_macs), static_cast<double>(proof.macs)) +
                " % of MACs met a zero, " + thousands(proof.accumulator_overflows) + " overflows";
        line("integers", text);
    }

    [[nodiscard]] std::string of_batch() const {
        return report_.result.batch == 1 ? "" : " for a batch of " + std::to_string(report_.result.batch);
    }

    /// What a batch, and weights that stay on chip, add; empty without.
    [[nodiscard]] std::string batch_text() const {
        constexpr double pj_per_uj = 1e6;
        const Figures& figures = report_.figures;
        std::string text;
        if (report_.result.batch > 1) {
            text = "figures are of all " + std::to_string(report_.result.batch) + " images; an image takes " +
                   with_digits(figures.image_energy_pj / pj_per_uj) + " µJ";
        }
        if (report_.result.first_total.total_cycles > report_.result.total.total_cycles) {
            text += text.empty() ? "" : "; ";
            text += "the first one takes " + with_digits(figures.first_batch_milliseconds) +
                    " ms: it loads the weights that stay on chip";
        }
        return text;
    }

    void print_speed() {
        const Figures& figures = report_.figures;
        line("latency", thousands(report_.result.total.total_cycles) + " cycles, " + with_digits(figures.milliseconds) +
                            " ms" + of_batch() + ", " + with_digits(figures.frames_per_second) +
                            " frames/s, utilization " + percent(figures.utilization, 1) + " %");
        if (!batch_text().empty()) line("batch", batch_text());
        line("rate", with_digits(figures.tops) + " TOPS, " + with_digits(figures.tops_per_watt_on_chip) +
                         " TOPS/W on chip, " + with_digits(figures.tops_per_watt) + " TOPS/W with DRAM; energy-delay " +
                         with_digits(figures.energy_delay_mj_ms) + " mJ·ms");
    }

    void print_power() {
        const Figures& figures = report_.figures;
        line("power", with_digits(figures.average_mw) + " mW (" + with_digits(figures.average_on_chip_mw) +
                          " mW on chip), peak " + with_digits(figures.peak_mw) + " mW in " + figures.peak_mw_layer);
    }

    void print_memory() {
        const RunResult& result = report_.result;
        const double moved = static_cast<double>(result.total.dram.moved_bytes());
        line("DRAM", si(moved, "B") + (result.batch > 1 ? " a batch, peak " : " an inference, peak ") +
                         with_digits(report_.figures.peak_dram_gb_s) + " GB/s in " + report_.figures.peak_dram_layer +
                         rows_text(result.total.dram));
        line("memory", "weights " + binary_bytes(static_cast<double>(result.weight_bytes)) + " (buffer " +
                           binary_bytes(static_cast<double>(report_.arch.weight_buffer.bytes)) +
                           "), peak activations " + binary_bytes(static_cast<double>(result.peak_activation_bytes)) +
                           " (buffer " + binary_bytes(static_cast<double>(report_.arch.activation_buffer.bytes)) + ")");
    }

    /// What DRAM timing adds.
    [[nodiscard]] std::string rows_text(const DramCounters& dram) const {
        if (!report_.arch.dram.timing || report_.arch.dram.ideal) return "";
        const std::uint64_t bursts = dram.row_hits + dram.row_misses;
        return "; " + percent(static_cast<double>(dram.row_hits), static_cast<double>(bursts)) +
               " % of bursts hit an open row, " + thousands(dram.turnarounds) + " turnarounds, " +
               thousands(dram.refreshes) + " waits for a refresh";
    }

    const Report& report_;
    const Style& style_;
    std::ostream& out_;
};

/// What this came of: enough to tell two results apart; the JSON has it whole.
void print_provenance(const Provenance& from, const Style& style, std::ostream& out) {
    constexpr std::size_t shown_digits = 8;
    const auto hash = [](const std::string& name, const std::string& digits) {
        return name + " " + (digits.empty() ? "none" : digits.substr(0, shown_digits));
    };
    const std::string inputs = from.topology_file.empty()
                                   ? hash("weights", from.weights_hash) + ", " + hash("images", from.dataset_hash) +
                                         "; seed " + std::to_string(from.seed)
                                   : hash("layers", from.topology_hash);
    out << '\n'
        << style.dim("npusim " + from.version + "; hashes: " + hash("chip", from.arch_hash) + ", " +
                     hash("table", from.technology_hash) + ", " + inputs)
        << '\n';
}

void print_notes(const std::vector<std::string>& notes, const Style& style, std::ostream& out) {
    if (notes.empty()) return;
    out << '\n';
    constexpr std::size_t indent = 2;
    for (const std::string& note : notes) {
        std::string mark = "* ";
        for (const std::string& line : wrap_text(note, kReportWidth - indent)) {
            out << style.dim(mark + line) << '\n';
            mark = "  ";
        }
    }
}

}  // namespace

void print_terminal(const Report& report, const Style& style, std::ostream& out) {
    Head(report, style, out).print();
    out << '\n';
    print_costs(report, style, out);
    out << '\n';
    print_idle_times(report, style, out);
    if (report.ladder) {
        out << '\n';
        print_ladder(*report.ladder, style, out);
    }
    print_notes(report.cost.notes, style, out);
    print_provenance(report.provenance, style, out);
}

}  // namespace npusim::cli
