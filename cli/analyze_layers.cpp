// The analysis layer by layer.
#include <algorithm>
#include <ostream>

#include "cli/analyze_cells.h"
#include "cli/analyze_report.h"
#include "cli/format.h"

namespace npusim::cli {
namespace {

constexpr std::size_t kNameColumn = 30;
constexpr std::size_t kColumn = 10;
constexpr std::size_t kColumnsOfATable = (kReportWidth - kNameColumn) / kColumn;

struct Column {
    std::string title;
    std::vector<std::string> cells;
};

/// The end of a long name tells layers apart.
std::string short_name(const std::string& name) {
    if (display_width(name) < kNameColumn) return name;
    return ".." + name.substr(name.size() - (kNameColumn - 3));
}

/// Columns that do not fit side by side go into another table.
void print_table(const std::string& title, const std::vector<std::string>& names, const std::vector<Column>& columns,
                 const Style& style, std::ostream& out) {
    for (std::size_t begin = 0; begin < columns.size(); begin += kColumnsOfATable) {
        const std::size_t end = std::min(columns.size(), begin + kColumnsOfATable);
        out << '\n' << style.bold(title) << '\n';
        std::string row = pad_right("layer", kNameColumn);
        for (std::size_t c = begin; c < end; ++c) row += pad_left(columns[c].title, kColumn);
        out << style.bold(row) << '\n';
        for (std::size_t i = 0; i < names.size(); ++i) {
            row = pad_right(short_name(names[i]), kNameColumn);
            for (std::size_t c = begin; c < end; ++c) row += pad_left(columns[c].cells[i], kColumn);
            out << row << '\n';
        }
    }
}

template <typename Row>
std::vector<std::string> names_of(const std::vector<Row>& rows) {
    std::vector<std::string> names;
    names.reserve(rows.size());
    for (const Row& row : rows) names.push_back(row.name);
    return names;
}

template <typename Row, typename Text>
Column column_of(const std::string& title, const std::vector<Row>& rows, const Text& text) {
    Column column{title, {}};
    column.cells.reserve(rows.size());
    for (const Row& row : rows) column.cells.push_back(text(row));
    return column;
}

void print_noise(const AnalyzeReport& report, const Style& style, std::ostream& out) {
    if (report.noise.empty()) return;
    std::int64_t largest = 0;
    for (const GradientNoise& noise : report.noise) largest = std::max(largest, noise.batch_images);
    std::vector<Column> shares;
    std::vector<Column> steady;
    std::vector<Column> as_fp32;
    for (const GradientNoise& noise : report.noise) {
        if (noise.batch_images != largest) continue;
        const auto add = [&](std::vector<Column>& columns, std::optional<double> NoiseFigures::*figure) {
            columns.push_back(
                column_of(noise.setup, noise.layers, [&](const NoiseFigures& row) { return fixed(row.*figure, 4); }));
        };
        add(shares, &NoiseFigures::share);
        add(steady, &NoiseFigures::steady);
        if (noise.weights.true_to_fp32) add(as_fp32, &NoiseFigures::true_to_fp32);
    }
    const std::vector<std::string> names = names_of(report.noise.front().layers);
    const std::string batches = ", batches of " + std::to_string(largest);
    print_table("Share of the gradient that is noise" + batches, names, shares, style, out);
    print_table("Cosine of the gradient with the moving average before it" + batches, names, steady, style, out);
    print_table("Cosine of the gradient with fp32's" + batches, names, as_fp32, style, out);
}

using NoiseRows = std::vector<QuantizationNoise> PrecisionAnalysis::*;

/// Precisions may store different tensors, so each has its table of them.
void print_tensors(const AnalyzeReport& report, const Style& style, std::ostream& out) {
    for (const PrecisionAnalysis& one : report.precisions) {
        if (one.tensors.empty()) continue;
        const std::vector<Column> columns{
            column_of("bits", one.tensors, [](const QuantizationNoise& row) { return std::to_string(row.bits); }),
            column_of("dB", one.tensors, [](const QuantizationNoise& row) { return fixed(row.decibels, 1); })};
        print_table("Signal to quantization noise of stored tensors, " + one.name, names_of(one.tensors), columns,
                    style, out);
    }
}

void print_weights(const AnalyzeReport& report, const Style& style, std::ostream& out) {
    std::vector<Column> decibels;
    std::vector<Column> widths;
    std::vector<std::string> names;
    for (const PrecisionAnalysis& one : report.precisions) {
        names = names_of(one.accumulators);
        if (!one.weights.empty()) {
            decibels.push_back(
                column_of(one.name, one.weights, [](const QuantizationNoise& row) { return fixed(row.decibels, 1); }));
        }
        widths.push_back(column_of(one.name, one.accumulators, [](const AccumulatorWidth& row) {
            return std::to_string(row.any_weights_bits) +
                   (row.these_weights_bits ? " (" + std::to_string(*row.these_weights_bits) + ")" : "");
        }));
    }
    print_table("Signal to quantization noise of weights, dB", names, decibels, style, out);
    print_table("Accumulator bits that cannot overflow, whatever the weights (with these)", names, widths, style, out);
}

}  // namespace

void print_analysis_layers(const AnalyzeReport& report, const Style& style, std::ostream& out) {
    if (report.similarity) {
        const auto& rows = report.similarity->layers;
        const std::vector<Column> columns{
            column_of("cosine", rows, [](const VectorSimilarity& row) { return fixed(row.cosine, 5); }),
            column_of("|y-x|/|x|", rows, [](const VectorSimilarity& row) { return fixed(row.relative_distance, 4); }),
            column_of("|y-x|^2", rows, [](const VectorSimilarity& row) { return with_digits(row.squared_distance); })};
        print_table("Weights before and after", names_of(rows), columns, style, out);
    }
    print_noise(report, style, out);
    print_weights(report, style, out);
    print_tensors(report, style, out);
}

}  // namespace npusim::cli
