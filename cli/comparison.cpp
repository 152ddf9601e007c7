#include "cli/comparison.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace npusim::cli {
namespace {

constexpr double kBitsPerByte = 8;

double real(std::uint64_t value) {
    return static_cast<double>(value);
}

double milliseconds(const ArchSpec& arch, std::uint64_t cycles) {
    constexpr double ns_per_ms = 1e6;
    return real(cycles) * 1000 / arch.clock_mhz / ns_per_ms;
}

double sum(const std::vector<std::pair<std::string, double>>& parts) {
    double total = 0;
    for (const auto& [name, value] : parts) total += value;
    return total;
}

struct Figure {
    std::string name;
    Unit unit;
    double value;
};

/// The figures of both, each once, in the order of `a` and then of `b`.
FigureGroup paired(const std::string& name, const std::vector<Figure>& a, const std::vector<Figure>& b) {
    FigureGroup group{name, {}};
    for (const Figure& figure : a) group.figures.push_back({figure.name, figure.unit, figure.value, {}});
    for (const Figure& figure : b) {
        const auto found = std::find_if(group.figures.begin(), group.figures.end(),
                                        [&](const ComparedFigure& other) { return other.name == figure.name; });
        if (found != group.figures.end()) {
            found->b = figure.value;
        } else {
            group.figures.push_back({figure.name, figure.unit, {}, figure.value});
        }
    }
    return group;
}

std::vector<Figure> result_figures(const PricedResult& result) {
    constexpr double pj_per_mj = 1e9;
    const Counters& total = result.total;
    const ArraySpec& array = result.arch.array;
    const double latency_ms = milliseconds(result.arch, total.total_cycles);
    const double energy_pj = sum(result.energy_pj);
    std::vector<Figure> figures{{"latency_ms", Unit::ms, latency_ms},
                                {"cycles", Unit::cycles, real(total.total_cycles)}};
    if (total.total_cycles > 0) {
        const double pes = static_cast<double>(array.rows) * array.columns;
        figures.push_back(
            {"inferences_per_s", Unit::per_second, static_cast<double>(result.batch) * 1000 / latency_ms});
        figures.push_back({"utilization", Unit::fraction, real(total.pe_steps) / (pes * real(total.total_cycles))});
    }
    figures.push_back({"energy_pj", Unit::pj, energy_pj});
    figures.push_back({"area_mm2", Unit::mm2, sum(result.area_mm2)});
    figures.push_back({"edp_mj_ms", Unit::mj_ms, energy_pj / pj_per_mj * latency_ms});
    figures.push_back({"macs", Unit::count, real(total.macs)});
    return figures;
}

constexpr std::pair<const char*, UnitCycles Counters::*> kUnits[] = {
    {"load_dma", &Counters::load_dma},
    {"array", &Counters::array},
    {"vector_unit", &Counters::vector_unit},
    {"store_dma", &Counters::store_dma},
};

std::vector<Figure> cycle_figures(const PricedResult& result) {
    std::vector<Figure> figures;
    for (const auto& [name, member] : kUnits) {
        const UnitCycles& unit = result.total.*member;
        figures.push_back({std::string(name) + "_busy_cycles", Unit::cycles, real(unit.busy_cycles)});
        for (std::size_t cause = 0; cause < kIdleCauses; ++cause) {
            const std::string idle(name_of(static_cast<IdleCause>(cause)));
            figures.push_back(
                {std::string(name) + "_idle_" + idle + "_cycles", Unit::cycles, real(unit.idle_cycles[cause])});
        }
    }
    return figures;
}

std::vector<Figure> part_figures(const std::vector<std::pair<std::string, double>>& parts, const std::string& before,
                                 const std::string& after, Unit unit) {
    std::vector<Figure> figures;
    figures.reserve(parts.size());
    for (const auto& [name, value] : parts) figures.push_back({before + name + after, unit, value});
    return figures;
}

std::vector<Figure> dram_figures(const PricedResult& result) {
    const DramCounters& dram = result.total.dram;
    const std::pair<const char*, std::uint64_t> all[] = {{"dram_weight_read_bytes", dram.weight_read_bytes},
                                                         {"dram_parameter_read_bytes", dram.parameter_read_bytes},
                                                         {"dram_input_read_bytes", dram.input_read_bytes},
                                                         {"dram_residual_read_bytes", dram.residual_read_bytes},
                                                         {"dram_output_write_bytes", dram.output_write_bytes},
                                                         {"dram_burst_waste_bytes", dram.burst_waste_bytes},
                                                         {"dram_bytes", dram.moved_bytes()}};
    std::vector<Figure> figures;
    for (const auto& [name, bytes] : all) figures.push_back({name, Unit::bytes, real(bytes)});
    return figures;
}

/// Bytes and not accesses: ports differ in width.
std::vector<Figure> sram_figures(const PricedResult& result) {
    const Counters& total = result.total;
    const std::tuple<const char*, const BufferCounters&, const BufferSpec&> all[] = {
        {"weight_buffer", total.weight_buffer, result.arch.weight_buffer},
        {"activation_buffer", total.activation_buffer, result.arch.activation_buffer},
        {"accumulator_buffer", total.accumulator_buffer, result.arch.accumulator_buffer}};
    std::vector<Figure> figures;
    for (const auto& [name, counters, buffer] : all) {
        const double bytes = buffer.width_bits / kBitsPerByte;
        figures.push_back({std::string(name) + "_read_bytes", Unit::bytes, real(counters.reads) * bytes});
        figures.push_back({std::string(name) + "_write_bytes", Unit::bytes, real(counters.writes) * bytes});
    }
    return figures;
}

bool is_final(const PricedResult& result, double top1) {
    const auto own = result.accuracies.find("top1");
    return own != result.accuracies.end() && own->second == top1;
}

/// Only accuracies that both have: the others compare with nothing.
FigureGroup accuracy_group(const PricedResult& a, const PricedResult& b) {
    FigureGroup group{"accuracy", {}};
    for (const char* name : {"fp32_top1", "quantized_top1", "top1"}) {
        const auto first = a.accuracies.find(name);
        const auto second = b.accuracies.find(name);
        if (first == a.accuracies.end() || second == b.accuracies.end()) continue;
        if (name == std::string("quantized_top1") && is_final(a, first->second) && is_final(b, second->second))
            continue;
        group.figures.push_back({name, Unit::fraction, first->second, second->second});
    }
    return group;
}

std::vector<FigureGroup> groups_of(const PricedResult& a, const PricedResult& b) {
    std::vector<FigureGroup> groups{paired("result", result_figures(a), result_figures(b)),
                                    accuracy_group(a, b),
                                    paired("cycles", cycle_figures(a), cycle_figures(b)),
                                    paired("energy", part_figures(a.energy_pj, "energy_", "_pj", Unit::pj),
                                           part_figures(b.energy_pj, "energy_", "_pj", Unit::pj)),
                                    paired("area", part_figures(a.area_mm2, "area_", "_mm2", Unit::mm2),
                                           part_figures(b.area_mm2, "area_", "_mm2", Unit::mm2)),
                                    paired("dram", dram_figures(a), dram_figures(b)),
                                    paired("sram", sram_figures(a), sram_figures(b))};
    for (FigureGroup& group : groups) {
        if (group.name == "result") continue;
        std::erase_if(group.figures,
                      [](const ComparedFigure& one) { return one.a.value_or(0) == 0 && one.b.value_or(0) == 0; });
    }
    std::erase_if(groups, [](const FigureGroup& group) { return group.figures.empty(); });
    return groups;
}

struct LayerFigures {
    std::optional<double> cycles, latency_ms, energy_pj;
};

LayerFigures figures_of(const PricedLayer* layer, const ArchSpec& arch) {
    if (layer == nullptr) return {};
    const std::uint64_t cycles = layer->counters.total_cycles;
    return {real(cycles), milliseconds(arch, cycles), layer->energy_pj};
}

ComparedLayer compared(const PricedResult& a, const PricedLayer* first, const PricedResult& b,
                       const PricedLayer* second) {
    const PricedLayer& named = first != nullptr ? *first : *second;
    const LayerFigures left = figures_of(first, a.arch);
    const LayerFigures right = figures_of(second, b.arch);
    ComparedLayer layer{named.name,
                        named.op,
                        {"cycles", Unit::cycles, left.cycles, right.cycles},
                        {"latency_ms", Unit::ms, left.latency_ms, right.latency_ms},
                        {"energy_pj", Unit::pj, left.energy_pj, right.energy_pj},
                        0};
    const auto part = [](const ComparedFigure& figure, double total_a, double total_b) {
        const double total = std::max(total_a, total_b);
        return total > 0 ? std::abs(figure.b.value_or(0) - figure.a.value_or(0)) / total : 0.0;
    };
    layer.weight = std::max(
        part(layer.latency_ms, milliseconds(a.arch, a.total.total_cycles), milliseconds(b.arch, b.total.total_cycles)),
        part(layer.energy_pj, sum(a.energy_pj), sum(b.energy_pj)));
    return layer;
}

std::vector<ComparedLayer> layers_of(const PricedResult& a, const PricedResult& b) {
    std::map<std::string, const PricedLayer*> others;
    for (const PricedLayer& layer : b.layers) others.emplace(layer.name, &layer);
    std::vector<ComparedLayer> layers;
    for (const PricedLayer& layer : a.layers) {
        const auto found = others.find(layer.name);
        layers.push_back(compared(a, &layer, b, found == others.end() ? nullptr : found->second));
        if (found != others.end()) others.erase(found);
    }
    for (const PricedLayer& layer : b.layers) {
        if (others.contains(layer.name)) layers.push_back(compared(a, nullptr, b, &layer));
    }
    return layers;
}

}  // namespace

std::optional<double> ComparedFigure::difference() const {
    if (!a || !b) return std::nullopt;
    return *b - *a;
}

std::optional<double> ComparedFigure::ratio() const {
    if (!a || !b || *a == 0) return std::nullopt;
    return *b / *a;
}

Comparison compare_results(PricedResult a, PricedResult b) {
    Comparison comparison;
    comparison.chips = differences_of(a.arch, b.arch);
    comparison.groups = groups_of(a, b);
    comparison.layers = layers_of(a, b);
    comparison.a = std::move(a);
    comparison.b = std::move(b);
    return comparison;
}

std::vector<std::size_t> most_different_layers(const Comparison& comparison, std::size_t most) {
    const std::vector<ComparedLayer>& layers = comparison.layers;
    std::vector<std::size_t> places(layers.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    std::stable_sort(places.begin(), places.end(),
                     [&](std::size_t x, std::size_t y) { return layers[x].weight > layers[y].weight; });
    std::erase_if(places, [&](std::size_t place) { return layers[place].weight == 0; });
    places.resize(std::min(places.size(), most));
    return places;
}

}  // namespace npusim::cli
