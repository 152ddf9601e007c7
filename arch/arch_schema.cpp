// The JSON Schema of chips: the reader's own record, with a text for each field.
#include <nlohmann/json.hpp>

#include "arch_fields.h"
#include "npusim/arch/arch_spec.h"
#include "npusim/base/json_schema.h"
#include "npusim/models/quantization/precision_json.h"

namespace npusim {
namespace {

using nlohmann::json;

json recorded(const char* number_format) {
    const json given{{"number_format", number_format}};
    json schema;
    JsonReader reader = JsonReader::recording(given, schema);
    (void)read_arch_fields(reader);
    return schema;
}

FieldTexts dram_texts() {
    return {
        {"/dram", "the memory outside of the chip"},
        {"/dram/type", "a type in the technology's table of DRAM energies"},
        {"/dram/bandwidth_gb_s", "peak bandwidth in GB/s (10^9 bytes a second), a multiple of 0.001"},
        {"/dram/latency_ns", "from request to data in ns"},
        {"/dram/burst_bytes", "bytes of a burst, a power of two; transfers are whole bursts"},
        {"/dram/ideal", "transfers take no time, for study"},
        {"/dram/channels", "channels that share the bandwidth, a power of two"},
        {"/dram/interleave_bytes", "consecutive bytes on one channel, a power of two, at least a burst"},
        {"/dram/timing", "rows, turnaround and refresh; without it, bandwidth and latency alone"},
        {"/dram/timing/banks", "banks of a channel, a power of two"},
        {"/dram/timing/row_bytes", "bytes of a bank's row, a power of two"},
        {"/dram/timing/row_miss_ns", "to close a row and open another in ns"},
        {"/dram/timing/turnaround_ns", "of a channel's bus between reads and writes in ns"},
        {"/dram/timing/refresh_interval_ns", "from refresh to refresh in ns; 0: none"},
        {"/dram/timing/refresh_ns", "that a refresh takes in ns; rows are closed after it"},
    };
}

FieldTexts buffer_texts() {
    FieldTexts texts;
    for (const auto& [name, what] : {std::pair{"weight_buffer", "SRAM for weights"},
                                     {"activation_buffer", "SRAM for activations"},
                                     {"accumulator_buffer", "SRAM for sums"}}) {
        const std::string place = std::string("/") + name;
        texts[place] = what;
        texts[place + "/kib"] = "size in KiB, a whole number of bytes; each bank holds at least one word";
        texts[place + "/banks"] = "banks; an even number with double_buffering";
        texts[place + "/ports"] = "ports of a bank; 2 serve the DMA and the array in one cycle";
        texts[place + "/width_bits"] = "width of a bank's port in bits";
    }
    texts["/activation_buffer/arbitrated"] = "units that meet in the buffer wait for one another";
    return texts;
}

FieldTexts texts() {
    FieldTexts texts{
        {"/$schema", "the schema of this file, for editors; has no effect"},
        {"/name", "name of the chip in reports"},
        {"/description", "what the chip is; the part before the first semicolon stands in npusim --list"},
        {"/number_format",
         "integer; or fp32, fp16 or bf16 (all with fp32 sums) for a baseline, simulated for timing and energy only"},
        {"/technology", "file with the costs; looked for beside this file, then among the presets"},
        {"/clock_mhz", "clock in MHz"},
        {"/precision", "at which bits networks are stored and computed"},
        {"/array", "the PE array"},
        {"/array/rows", "PEs in a column"},
        {"/array/columns", "PEs in a row"},
        {"/voltage_v", "supply of the logic in V; the technology's nominal one if left out"},
        {"/array/dataflow",
         "what stays in the PEs while the rest streams: weights, sums or inputs; auto: each layer's best"},
        {"/array/auto_goal", "what auto looks for: the fastest or the most frugal dataflow of each layer"},
        {"/array/layer_dataflows", "dataflows of single layers, by name"},
        {"/array/pe", "one PE: wider operands run in several passes"},
        {"/array/pe/kind",
         "how a PE multiplies: scalar once a cycle, dot in lanes with one sum, composable in up to 16 narrower "
         "products, bit_serial one activation bit a cycle"},
        {"/array/pe/lanes", "products that a dot or bit_serial PE sums in one step"},
        {"/array/pe/zero_gating", "a multiplier's operands are held where the activation is zero"},
        {"/array/pe/weight_bits", "width of the multiplier's weight operand in bits"},
        {"/array/pe/activation_bits", "width of the multiplier's activation operand in bits"},
        {"/array/accumulator_bits", "width of partial sums in bits; they wrap in two's complement"},
        {"/array/overlap_weight_load", "the next fold's weights load while the present fold streams"},
        {"/double_buffering", "half of each buffer's banks load while the other half is used"},
        {"/prefetch_depth", "tiles loaded ahead of the one in use, with double_buffering"},
        {"/keep_on_chip", "what stays on chip where it fits"},
        {"/keep_on_chip/weights", "weights stay from one image to the next"},
        {"/keep_on_chip/activations", "activations stay from the layer that makes them to those that read them"},
        {"/clock_gate_stalls", "PEs are not clocked while the array waits"},
        {"/vector_unit", "requantizes sums; pooling, adds and norms"},
        {"/vector_unit/lanes", "elements a cycle"},
        {"/vector_unit/pipeline_cycles", "stages of its pipeline in cycles"},
    };
    texts.merge(dram_texts());
    texts.merge(buffer_texts());
    texts.merge(precision_texts("/precision"));
    return texts;
}

}  // namespace

json arch_schema() {
    const json halves = json::array({"fp16", "bf16"});
    const json narrower = by_value("number_format", halves, recorded("fp16"), recorded("integer"));
    json schema = by_value("number_format", "fp32", recorded("fp32"), narrower);
    describe_fields(schema, texts());
    return schema_document("A chip of npusim", std::move(schema));
}

}  // namespace npusim
