#include "cli/compare_printer.h"

#include <algorithm>
#include <ostream>

#include "cli/compare_tables.h"
#include "cli/format.h"

namespace npusim::cli {
namespace {

constexpr std::size_t kMostLayers = 10;

std::string fitted(const std::string& text, std::size_t width) {
    if (display_width(text) < width) return text;
    return ".." + text.substr(text.size() - width + 3);  // the end tells layers of a block apart
}

void print_table(const TextTable& table, const Style& style, std::ostream& out) {
    const auto line = [&](const std::vector<std::string>& cells) {
        std::string text = pad_right(fitted(cells.front(), table.widths.front()), table.widths.front());
        for (std::size_t c = 1; c < cells.size(); ++c) text += pad_left(cells[c], table.widths[c]);
        return text;
    };
    out << '\n' << style.bold(line(table.titles)) << '\n';
    for (const TextRow& row : table.rows) {
        const std::string text = line(row.cells);
        out << (row.differs ? text : style.dim(text)) << '\n';
    }
}

/// One for each difference, broken nowhere inside.
std::vector<std::string> difference_words(const Comparison& comparison) {
    constexpr std::size_t most = 40;
    const auto brief = [](const std::string& text) {
        return text.size() <= most ? text : text.substr(0, most - 3) + "...";
    };
    std::vector<std::string> words;
    for (const RunDifference& one : run_differences(comparison)) {
        if (!words.empty()) words.back() += ',';
        words.push_back(one.what + " " + brief(one.a) + " -> " + brief(one.b));
    }
    if (words.empty()) words.emplace_back("nothing: the same chip, network and prices");
    return words;
}

using Range = std::optional<std::pair<double, double>>;

/// What the known errors of both totals leave of a difference.
void add_range_words(std::vector<std::string>& words, const std::string& what, const Range& a, const Range& b,
                     double unit, const std::string& unit_name) {
    if (!a || !b) return;
    const auto text = [&](const Range& range) {
        return with_digits(range->first / unit) + "-" + with_digits(range->second / unit);
    };
    const bool overlap = a->first <= b->second && b->first <= a->second;
    words.push_back(what + " A " + text(a) + ", B " + text(b) + " " + unit_name + ":");
    words.emplace_back(overlap ? "errors that they do not share may be all the difference."
                               : "apart, whatever the errors are.");
}

/// Words for energy, then for area.
std::pair<std::vector<std::string>, std::vector<std::string>> range_words(const Comparison& comparison) {
    constexpr double pj_per_uj = 1e6;
    const PricedResult& a = comparison.a;
    const PricedResult& b = comparison.b;
    std::pair<std::vector<std::string>, std::vector<std::string>> words;
    // One chip with one table has the same errors twice.
    if (a.arch == b.arch && a.technology == b.technology) return words;
    add_range_words(words.first, "energy", a.energy_range_pj, b.energy_range_pj, pj_per_uj, "µJ");
    add_range_words(words.second, "area", a.area_range_mm2, b.area_range_mm2, 1, "mm²");
    return words;
}

std::vector<std::string> lines_of(const std::vector<std::string>& words, std::size_t width) {
    std::vector<std::string> lines;
    for (const std::string& word : words) {
        if (!lines.empty() && display_width(lines.back()) + 1 + display_width(word) <= width) {
            lines.back() += " " + word;
        } else {
            lines.push_back(word);
        }
    }
    return lines;
}

bool have_common_layers(const Comparison& comparison) {
    return std::any_of(comparison.layers.begin(), comparison.layers.end(),
                       [](const ComparedLayer& layer) { return layer.cycles.a && layer.cycles.b; });
}

void print_layers(const Comparison& comparison, bool all, const Style& style, std::ostream& out) {
    if (!all && !have_common_layers(comparison)) {
        out << "\nthe networks have no layer in common; --layers lists them\n";
        return;
    }
    const std::vector<std::size_t> places =
        all ? all_layers(comparison) : most_different_layers(comparison, kMostLayers);
    if (places.empty()) {
        out << "\nno layer differs\n";
        return;
    }
    const std::string title = all ? "layers" : "layers that differ most";
    print_table(layer_table(comparison, places, title), style, out);
    if (!all && places.size() == kMostLayers) out << style.dim("--layers lists all") << '\n';
}

}  // namespace

void print_comparison(const Comparison& comparison, bool layers, const Style& style, std::ostream& out) {
    constexpr std::size_t label_width = 11;
    const auto labelled = [&](const std::string& label, const std::vector<std::string>& words) {
        std::string shown = label;
        for (const std::string& line : lines_of(words, kReportWidth - label_width)) {
            out << style.bold(pad_right(shown, label_width)) << line << '\n';
            shown.clear();
        }
    };
    labelled("differs", difference_words(comparison));
    labelled("A", {side_text(comparison.a)});
    labelled("B", {side_text(comparison.b)});
    const auto [energy_words, area_words] = range_words(comparison);
    labelled("errors", energy_words);
    labelled("", area_words);
    for (const FigureGroup& group : comparison.groups) print_table(group_table(group), style, out);
    print_layers(comparison, layers, style, out);
}

}  // namespace npusim::cli
