#include <charconv>
#include <concepts>
#include <sstream>

#include "cli/csv_text.h"
#include "cli/printers.h"
#include "npusim/base/error.h"

namespace npusim::cli {
namespace {

/// The shortest text that reads back as the same number, in every locale.
std::string number_field(double value) {
    char text[64];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value);
    return {text, end};
}

class Table {
public:
    void cell(const std::string& header, const std::string& value) {
        headers_ += (headers_.empty() ? "" : ",") + header;
        row_ += (row_.empty() ? "" : ",") + value;
    }
    void cell(const std::string& header, double value) { cell(header, number_field(value)); }
    template <std::integral T>
    void cell(const std::string& header, T value) {
        cell(header, std::to_string(value));
    }
    void end_row() {
        if (text_.empty()) text_ = headers_ + "\r\n";
        text_ += row_ + "\r\n";
        headers_.clear();
        row_.clear();
    }
    [[nodiscard]] std::string text() const { return text_; }

private:
    std::string text_, headers_, row_;
};

std::string shape_text(const TensorShape& shape) {
    return std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" + std::to_string(shape.width);
}

void add_shape(Table& table, const LayerFacts& facts) {
    table.cell("input_shape", shape_text(facts.input_shape));
    table.cell("output_shape", shape_text(facts.output_shape));
    table.cell("kernel_height", facts.window.kernel_height);
    table.cell("kernel_width", facts.window.kernel_width);
    table.cell("stride", facts.window.stride_height);
    table.cell("groups", facts.groups);
    table.cell("weight_bits", facts.weight_bits);
    table.cell("input_bits", facts.input_bits);
    table.cell("tile_out_channels", facts.tiling.out_channels);
    table.cell("tile_rows", facts.tiling.rows);
    table.cell("tile_columns", facts.tiling.columns);
    table.cell("tile_reduce_channels", facts.tiling.reduce_channels);
}

void add_unit(Table& table, const std::string& name, const UnitCycles& unit) {
    table.cell(name + "_busy_cycles", unit.busy_cycles);
    for (std::size_t cause = 0; cause < kIdleCauses; ++cause) {
        const auto title = std::string(name_of(static_cast<IdleCause>(cause)));
        table.cell(name + "_idle_" + title + "_cycles", unit.idle_cycles[cause]);
    }
}

void add_counters(Table& table, const Counters& counters) {
    table.cell("macs", counters.macs);
    table.cell("total_cycles", counters.total_cycles);
    table.cell("pe_operations", counters.pe_operations);
    table.cell("pe_steps", counters.pe_steps);
    table.cell("folds", counters.folds);
    add_unit(table, "load_dma", counters.load_dma);
    add_unit(table, "array", counters.array);
    add_unit(table, "vector_unit", counters.vector_unit);
    add_unit(table, "store_dma", counters.store_dma);
    table.cell("weight_buffer_reads", counters.weight_buffer.reads);
    table.cell("weight_buffer_writes", counters.weight_buffer.writes);
    table.cell("activation_buffer_reads", counters.activation_buffer.reads);
    table.cell("activation_buffer_writes", counters.activation_buffer.writes);
    table.cell("accumulator_buffer_reads", counters.accumulator_buffer.reads);
    table.cell("accumulator_buffer_writes", counters.accumulator_buffer.writes);
    table.cell("dram_weight_read_bytes", counters.dram.weight_read_bytes);
    table.cell("dram_parameter_read_bytes", counters.dram.parameter_read_bytes);
    table.cell("dram_input_read_bytes", counters.dram.input_read_bytes);
    table.cell("dram_residual_read_bytes", counters.dram.residual_read_bytes);
    table.cell("dram_output_write_bytes", counters.dram.output_write_bytes);
    table.cell("dram_burst_waste_bytes", counters.dram.burst_waste_bytes);
}

/// Only of chips with DRAM timing.
void add_dram_rows(Table& table, const DramCounters& dram) {
    const std::uint64_t bursts = dram.row_hits + dram.row_misses;
    const auto hits = static_cast<double>(dram.row_hits);
    table.cell("dram_row_hits", dram.row_hits);
    table.cell("dram_row_misses", dram.row_misses);
    table.cell("dram_row_hit_percent", bursts > 0 ? 100 * hits / static_cast<double>(bursts) : 0.0);
    table.cell("dram_turnarounds", dram.turnarounds);
    table.cell("dram_refreshes", dram.refreshes);
}

/// Every row says where it comes from, so that rows of several files can be put together.
void add_provenance(Table& table, const Provenance& from) {
    table.cell("npusim_version", csv_field(from.version));
    table.cell("arch_hash", from.arch_hash);
    table.cell("technology_hash", from.technology_hash);
    table.cell("topology_hash", from.topology_hash);
    table.cell("weights_hash", from.weights_hash);
    table.cell("dataset_hash", from.dataset_hash);
    table.cell("seed", from.seed);
    table.cell("command", csv_field(join(from.command, " ")));
}

}  // namespace

std::string csv_report(const Report& report) {
    Table table;
    const auto pes = static_cast<double>(report.arch.array.rows) * report.arch.array.columns;
    const ArraySpec& array = report.arch.array;
    const bool differs = array.auto_dataflow || !array.layer_dataflows.empty();
    for (std::size_t i = 0; i < report.result.layers.size(); ++i) {
        const LayerResult& layer = report.result.layers[i];
        const LayerFacts& facts = report.layers[i];
        const auto cycles = static_cast<double>(layer.counters.total_cycles);
        table.cell("index", i);
        table.cell("name", csv_field(layer.name));
        table.cell("op", csv_field(layer.op));
        add_shape(table, facts);
        if (differs) table.cell("dataflow", facts.dataflow ? std::string(name_of(*facts.dataflow)) : "");
        table.cell("utilization_percent",
                   cycles > 0 ? 100 * static_cast<double>(layer.counters.pe_steps) / (pes * cycles) : 0.0);
        table.cell("time_us", cycles / report.arch.clock_mhz);
        add_counters(table, layer.counters);
        if (report.arch.dram.timing) add_dram_rows(table, layer.counters.dram);
        for (const auto& [name, pj] : facts.energy.parts()) table.cell("energy_" + name + "_pj", pj);
        table.cell("energy_total_pj", facts.energy.total_pj());
        if (report.bounds) {
            table.cell("energy_total_low_pj", report.bounds->low.energy(layer.counters).total_pj());
            table.cell("energy_total_high_pj", report.bounds->high.energy(layer.counters).total_pj());
        }
        add_provenance(table, report.provenance);
        table.end_row();
    }
    return table.text();
}

}  // namespace npusim::cli
