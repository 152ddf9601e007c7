#include <nlohmann/json.hpp>

#include "cli/printers.h"
#include "npusim/sweeps/result_json.h"

namespace npusim::cli {
namespace {

using nlohmann::json;

json optional_json(const std::optional<double>& value) {
    return value ? json(*value) : json(nullptr);
}

json shape_json(const TensorShape& shape) {
    return {shape.channels, shape.height, shape.width};
}

json network_json(const Report& report) {
    const NetworkFacts& network = report.network;
    return {{"name", network.name},
            {"title", network.title},
            {"input_shape", shape_json(network.input_shape)},
            {"classes", network.classes},
            {"macs", network.macs},
            {"parameters", network.parameters},
            {"shapes_only", network.shapes_only},
            {"weight_bytes", report.result.weight_bytes},
            {"peak_activation_bytes", report.result.peak_activation_bytes},
            {"safe_accumulator_bits", report.safe_accumulator_bits},
            {"safe_accumulator_layer", report.safe_accumulator_layer}};
}

json accuracy_json(const Accuracy& accuracy) {
    return {{"fp32_top1", optional_json(accuracy.fp32_top1)},
            {"quantized_top1", optional_json(accuracy.quantized_top1)},
            {"tuned_top1", optional_json(accuracy.tuned_top1)},
            {"origin", accuracy.origin},
            {"published", accuracy.published},
            {"test_images", accuracy.test_images},
            {"test_images_of", accuracy.test_images_of},
            {"calibration_images", accuracy.calibration_images},
            {"missing", accuracy.missing}};
}

json proof_json(const std::optional<Proof>& proof) {
    if (!proof) return nullptr;
    return {{"images", proof->images},
            {"random_weights", proof->random_weights},
            {"random_images", proof->random_images},
            {"accumulator_overflows", proof->accumulator_overflows},
            {"zero_activation_macs", proof->zero_activation_macs},
            {"macs", proof->macs}};
}

/// Of the bursts; null where the chip's DRAM has no timing.
json row_hit_rate(const Report& report) {
    const DramCounters& dram = report.result.total.dram;
    const std::uint64_t bursts = dram.row_hits + dram.row_misses;
    if (!report.arch.dram.timing || bursts == 0) return nullptr;
    return static_cast<double>(dram.row_hits) / static_cast<double>(bursts);
}

json figures_json(const Report& report) {
    const Figures& figures = report.figures;
    return {{"milliseconds", figures.milliseconds},
            {"batch", report.result.batch},
            {"first_batch_milliseconds", figures.first_batch_milliseconds},
            {"frames_per_second", figures.frames_per_second},
            {"image_energy_pj", figures.image_energy_pj},
            {"utilization", figures.utilization},
            {"tops", figures.tops},
            {"tops_per_watt_on_chip", figures.tops_per_watt_on_chip},
            {"tops_per_watt", figures.tops_per_watt},
            {"average_mw", figures.average_mw},
            {"average_on_chip_mw", figures.average_on_chip_mw},
            {"peak_mw", figures.peak_mw},
            {"peak_mw_layer", figures.peak_mw_layer},
            {"peak_dram_gb_s", figures.peak_dram_gb_s},
            {"peak_dram_layer", figures.peak_dram_layer},
            {"dram_row_hit_rate", row_hit_rate(report)},
            {"energy_delay_mj_ms", figures.energy_delay_mj_ms}};
}

/// Where the known errors end, every part of it and the totals.
json bounds_json(const Report& report) {
    if (!report.bounds) return nullptr;
    const Counters& total = report.result.total;
    const auto end = [&](const CostModel& model) {
        return json{{"energy", to_json(model.energy(total))}, {"area", to_json(model.area)}};
    };
    return {{"low", end(report.bounds->low)}, {"high", end(report.bounds->high)}};
}

/// The energy with the share of zero activations that the data had.
json energy_with_data_json(const Report& report) {
    const std::optional<double> share = zero_share_of(report.proof);
    if (!share) return nullptr;
    return {{"zero_activation_share", *share}, {"energy", to_json(report.cost.energy(report.result.total, *share))}};
}

/// Only of chips whose layers may differ in it.
json dataflow_json(const LayerFacts& facts) {
    json forecasts = json::array();
    for (const DataflowForecast& forecast : facts.dataflow_forecasts) {
        forecasts.push_back({{"dataflow", name_of(forecast.dataflow)},
                             {"cycles", forecast.cycles},
                             {"dram_bytes", forecast.dram_bytes},
                             {"sram_bits", forecast.sram_bits},
                             {"movement_cost", forecast.movement_cost}});
    }
    json object{{"taken", name_of(*facts.dataflow)}};
    if (!facts.dataflow_reason.empty()) object["reason"] = facts.dataflow_reason;
    if (!forecasts.empty()) object["forecasts"] = std::move(forecasts);
    return object;
}

json layer_json(const LayerResult& layer, const LayerFacts& facts) {
    const Window& window = facts.window;
    const Tiling& tiling = facts.tiling;
    json object{{"name", layer.name},
                {"op", layer.op},
                {"input_shape", shape_json(facts.input_shape)},
                {"output_shape", shape_json(facts.output_shape)},
                {"kernel", {window.kernel_height, window.kernel_width}},
                {"stride", {window.stride_height, window.stride_width}},
                {"groups", facts.groups},
                {"weight_bits", facts.weight_bits},
                {"input_bits", facts.input_bits},
                {"tiling",
                 {{"out_channels", tiling.out_channels},
                  {"rows", tiling.rows},
                  {"columns", tiling.columns},
                  {"reduce_channels", tiling.reduce_channels},
                  {"weights_outer", tiling.weights_outer},
                  {"weights_whole", tiling.weights_whole},
                  {"inputs_whole", tiling.inputs_whole}}},
                {"counters", to_json(layer.counters)},
                {"energy", to_json(facts.energy)}};
    if (facts.dataflow) object["dataflow"] = dataflow_json(facts);
    return object;
}

json rung_json(const LadderRung& rung) {
    if (!rung.failure.empty()) return {{"bits", rung.bits}, {"failure", rung.failure}};
    return {{"bits", rung.bits},
            {"arch", to_json(rung.arch)},
            {"milliseconds", rung.milliseconds},
            {"counters", to_json(rung.total)},
            {"energy", to_json(rung.energy)},
            {"area", to_json(rung.area)}};
}

json ladder_json(const std::optional<PrecisionLadder>& ladder) {
    if (!ladder) return nullptr;
    json rungs = json::array();
    for (const LadderRung& rung : ladder->rungs) rungs.push_back(rung_json(rung));
    json energy = json::object();
    json area = json::object();
    for (const ComponentExponents& row : ladder->exponents) {
        energy[row.component] = optional_json(row.energy);
        area[row.component] = optional_json(row.area);
    }
    return {{"rungs", std::move(rungs)},
            {"energy_exponents", std::move(energy)},
            {"area_exponents", std::move(area)},
            {"latency_exponent", optional_json(ladder->latency_exponent)},
            {"verdict", quadratic_verdict(*ladder)}};
}

}  // namespace

json provenance_json(const Provenance& from) {
    return {{"version", from.version},
            {"command", from.command},
            {"arch_file", from.arch_file},
            {"arch_hash", from.arch_hash},
            {"technology", from.technology},
            {"technology_file", from.technology_file},
            {"technology_hash", from.technology_hash},
            {"topology_file", from.topology_file},
            {"topology_hash", from.topology_hash},
            {"weights_file", from.weights_file},
            {"weights_hash", from.weights_hash},
            {"dataset", from.dataset},
            {"dataset_hash", from.dataset_hash},
            {"calibration_hash", from.calibration_hash},
            {"seed", from.seed}};
}

std::string json_report(const Report& report) {
    json layers = json::array();
    for (std::size_t i = 0; i < report.layers.size(); ++i) {
        layers.push_back(layer_json(report.result.layers[i], report.layers[i]));
    }
    const json everything{{"provenance", provenance_json(report.provenance)},
                          {"network", network_json(report)},
                          {"arch", to_json(report.arch)},
                          {"accuracy", accuracy_json(report.accuracy)},
                          {"proof", proof_json(report.proof)},
                          {"figures", figures_json(report)},
                          {"energy", to_json(report.energy)},
                          {"area", to_json(report.cost.area)},
                          {"bounds", bounds_json(report)},
                          {"energy_with_data", energy_with_data_json(report)},
                          {"leakage_mw", report.cost.leakage_mw},
                          {"counters", to_json(report.result.total)},
                          {"layers", std::move(layers)},
                          {"ladder", ladder_json(report.ladder)},
                          {"notes", report.cost.notes}};
    return everything.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace npusim::cli
