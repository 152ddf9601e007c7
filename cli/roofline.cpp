#include "cli/roofline.h"

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/csv_text.h"
#include "cli/plot_words.h"
#include "cli/printers.h"
#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/workloads/lowering/pe_kind.h"

namespace npusim::cli {
namespace {

using nlohmann::ordered_json;

double hertz_of(const ArchSpec& arch) {
    return arch.clock_mhz * 1e6;
}

const char* bound_of(const RooflineLayer& layer) {
    return layer.bandwidth_bound ? "bandwidth" : "compute";
}

std::string csv_of(const Roofline& roofline) {
    std::string text =
        "name,op,cycles,operations,dram_bytes,operations_per_byte,operations_per_second,roof_operations_per_second,"
        "bound\r\n";
    for (const RooflineLayer& layer : roofline.layers) {
        text += csv_field(layer.name) + "," + layer.op + "," + std::to_string(layer.cycles);
        for (const double number : {layer.operations, layer.dram_bytes, layer.operations_per_byte(),
                                    layer.operations_per_second, layer.roof_operations_per_second}) {
            text += "," + plot_number(number);
        }
        text += std::string(",") + bound_of(layer) + "\r\n";
    }
    return text;
}

std::string json_of(const Roofline& roofline, const std::string& network, const ArchSpec& arch) {
    const double peak = roofline.peak_operations_per_second;
    ordered_json json = {{"network", network},
                         {"chip", arch.name},
                         {"peak_operations_per_second", peak},
                         {"dram_bytes_per_second", nullptr},
                         {"ridge_operations_per_byte", nullptr},
                         {"layers", ordered_json::array()}};
    if (roofline.dram_bytes_per_second) {
        json["dram_bytes_per_second"] = *roofline.dram_bytes_per_second;
        json["ridge_operations_per_byte"] = peak / *roofline.dram_bytes_per_second;
    }
    for (const RooflineLayer& layer : roofline.layers) {
        json["layers"].push_back({{"name", layer.name},
                                  {"op", layer.op},
                                  {"cycles", layer.cycles},
                                  {"operations", layer.operations},
                                  {"dram_bytes", layer.dram_bytes},
                                  {"operations_per_byte", layer.operations_per_byte()},
                                  {"operations_per_second", layer.operations_per_second},
                                  {"roof_operations_per_second", layer.roof_operations_per_second},
                                  {"bound", bound_of(layer)}});
    }
    return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

Roofline roofs_of(const ArchSpec& arch) {
    Roofline roofline;
    roofline.peak_operations_per_second = peak_products_per_cycle(arch) * hertz_of(arch);
    if (!arch.dram.ideal) roofline.dram_bytes_per_second = static_cast<double>(arch.dram.bandwidth_mb_s) * 1e6;
    return roofline;
}

void add_layer(Roofline& roofline, const ArchSpec& arch, const std::string& name, const std::string& op,
               const Counters& counters) {
    RooflineLayer layer;
    layer.name = name;
    layer.op = op;
    layer.cycles = counters.total_cycles;
    layer.operations = static_cast<double>(counters.pe_operations);
    layer.dram_bytes = static_cast<double>(counters.dram.moved_bytes());
    if (layer.cycles > 0) {
        layer.operations_per_second = layer.operations / static_cast<double>(layer.cycles) * hertz_of(arch);
    }
    layer.roof_operations_per_second = roofline.peak_operations_per_second;
    if (roofline.dram_bytes_per_second && layer.dram_bytes > 0) {
        const double slope = *roofline.dram_bytes_per_second * layer.operations_per_byte();
        layer.bandwidth_bound = slope < roofline.peak_operations_per_second;
        layer.roof_operations_per_second = std::min(slope, roofline.peak_operations_per_second);
    }
    roofline.layers.push_back(std::move(layer));
}

Plot roofline_plot(const std::string& title, const Roofline& roofline) {
    constexpr double giga = 1e9;
    using Places = std::vector<std::pair<double, double>>;
    const double peak = roofline.peak_operations_per_second / giga;
    std::map<std::string, Places> points_of_op;
    double low = std::numeric_limits<double>::infinity();
    double high = 0;
    if (roofline.dram_bytes_per_second) low = high = peak * giga / *roofline.dram_bytes_per_second;
    for (const RooflineLayer& layer : roofline.layers) {
        const double intensity = layer.operations_per_byte();
        if (intensity <= 0) continue;
        points_of_op[layer.op].emplace_back(intensity, layer.operations_per_second / giga);
        low = std::min(low, intensity);
        high = std::max(high, intensity);
    }
    Plot plot{title, "PE operations per DRAM byte", "PE operations/s (10^9)", true, true, {}};
    for (auto& [op, points] : points_of_op) {
        plot.series.push_back({component_title(op), std::move(points), PlotSeries::Mark::points});
    }
    if (low > high) low = high = 1;
    Places roof;
    if (roofline.dram_bytes_per_second) {
        const double bandwidth = *roofline.dram_bytes_per_second / giga;
        roof = {{low / 2, low / 2 * bandwidth}, {peak / bandwidth, peak}};
    } else {
        roof = {{low / 2, peak}};
    }
    roof.emplace_back(high * 2, peak);
    plot.series.push_back({"roof", std::move(roof), PlotSeries::Mark::line});
    return plot;
}

void check_roofline_file(const std::filesystem::path& file) {
    const std::string suffix = file.extension().string();
    if (suffix == ".csv" || suffix == ".json") return;
    if (suffix == ".svg" || suffix == ".png") return check_plot(file);
    throw InputError(file.string(), "",
                     "a roofline's name must end in .svg or .png for a picture, .csv or .json for its figures");
}

void write_roofline(const RunResult& result, const ArchSpec& arch, const std::filesystem::path& file) {
    Roofline roofline = roofs_of(arch);
    for (const LayerResult& layer : result.layers) add_layer(roofline, arch, layer.name, layer.op, layer.counters);
    const std::string suffix = file.extension().string();
    if (suffix == ".csv") return write_whole_file(file, csv_of(roofline));
    if (suffix == ".json") return write_whole_file(file, json_of(roofline, result.network, arch));
    write_plot(roofline_plot(result.network + " on " + arch.name, roofline), file);
}

}  // namespace npusim::cli
