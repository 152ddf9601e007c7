#include <algorithm>
#include <ostream>

#include "cli/format.h"
#include "cli/printers.h"

namespace npusim::cli {
namespace {

constexpr double bytes_per_kb = 1000;
constexpr double pj_per_uj = 1e6;

std::string short_name(const std::string& name, std::size_t width) {
    if (name.size() <= width) return name;
    return ".." + name.substr(name.size() - width + 2);  // the end tells layers of a block apart
}

std::string shape_text(const LayerFacts& layer) {
    const TensorShape& shape = layer.output_shape;
    std::string text =
        std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" + std::to_string(shape.width);
    if (layer.window.kernel_height * layer.window.kernel_width > 1) {
        text += " k" + std::to_string(layer.window.kernel_height) + "x" + std::to_string(layer.window.kernel_width);
    }
    if (layer.window.stride_height > 1) text += "/" + std::to_string(layer.window.stride_height);
    return text;
}

std::string op_title(const std::string& op) {
    constexpr std::pair<std::string_view, std::string_view> titles[] = {{"convolution", "conv"},
                                                                        {"average_pool", "avg pool"},
                                                                        {"max_pool", "max pool"},
                                                                        {"slice_pad", "slice"},
                                                                        {"elementwise", "elementw."}};
    for (const auto& [name, title] : titles) {
        if (op == name) return std::string(title);
    }
    return op;
}

/// "conv OS" where layers differ in the dataflow.
std::string op_text(const LayerResult& layer, const LayerFacts& facts) {
    if (!facts.dataflow) return op_title(layer.op);
    const std::string_view name = name_of(*facts.dataflow);
    return op_title(layer.op) + " " + static_cast<char>(name.front() - 'a' + 'A') + "S";
}

/// Of the unit that does the layer's work: the array, or the vector unit where the array has nothing to do.
std::string main_idle_cause(const Counters& counters) {
    const UnitCycles& unit = counters.macs > 0 ? counters.array : counters.vector_unit;
    const auto largest = std::max_element(unit.idle_cycles.begin(), unit.idle_cycles.end());
    if (*largest == 0) return "-";
    const auto cause = static_cast<IdleCause>(largest - unit.idle_cycles.begin());
    return cause_title(cause) + " " + percent(static_cast<double>(*largest), static_cast<double>(unit.total_cycles()));
}

}  // namespace

void print_layers(const Report& report, const Style& style, std::ostream& out) {
    constexpr std::size_t name = 19, op = 10, shape = 18, cause = 14;
    const auto pes = static_cast<double>(report.arch.array.rows) * report.arch.array.columns;
    out << style.bold(pad_right("layer", name) + pad_right("op", op) + pad_right("output, kernel", shape) +
                      pad_left("MMAC", 6) + pad_left("kcycles", 8) + pad_left("util %", 7) + "  " +
                      pad_right("most idle, %", cause) + pad_left("DRAM kB", 8) + pad_left("µJ", 7))
        << '\n';
    for (std::size_t i = 0; i < report.result.layers.size(); ++i) {
        const LayerResult& layer = report.result.layers[i];
        const LayerFacts& facts = report.layers[i];
        const Counters& counters = layer.counters;
        out << pad_right(short_name(layer.name, name - 1), name) << pad_right(op_text(layer, facts), op)
            << pad_right(shape_text(facts), shape)
            << pad_left(counters.macs > 0 ? with_digits(static_cast<double>(counters.macs) / 1e6, 3) : "-", 6)
            << pad_left(with_digits(static_cast<double>(counters.total_cycles) / 1e3, 4), 8)
            << pad_left(
                   percent(static_cast<double>(counters.pe_steps), pes * static_cast<double>(counters.total_cycles)), 7)
            << "  " << pad_right(main_idle_cause(counters), cause)
            << pad_left(with_digits(static_cast<double>(counters.dram.moved_bytes()) / bytes_per_kb, 4), 8)
            << pad_left(with_digits(facts.energy.total_pj() / pj_per_uj, 3), 7) << '\n';
    }
}

}  // namespace npusim::cli
