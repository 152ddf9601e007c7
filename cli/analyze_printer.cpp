#include <algorithm>
#include <ostream>

#include "cli/analyze_cells.h"
#include "cli/analyze_report.h"
#include "cli/format.h"

namespace npusim::cli {
namespace {

constexpr std::size_t kFirstColumn = 22;
constexpr std::size_t kColumn = 11;

std::string decibels(const std::optional<double>& value) {
    return fixed(value, 1);
}

void wrapped(const std::string& text, std::ostream& out) {
    for (const std::string& line : wrap_text(text, kReportWidth)) out << line << '\n';
}

void header(const std::string& first, std::initializer_list<const char*> titles, const Style& style,
            std::ostream& out) {
    std::string row = pad_right(first, kFirstColumn);
    for (const char* title : titles) row += pad_left(title, kColumn);
    out << style.bold(row) << '\n';
}

void print_similarity(const WeightSimilarity& similarity, const Style& style, std::ostream& out) {
    out << '\n' << style.bold("Weights x before and y after") << '\n';
    header("", {"elements", "cosine", "|y-x|/|x|", "|y-x|^2"}, style, out);
    for (const VectorSimilarity* one : {&similarity.weights, &similarity.trained}) {
        out << pad_right(one->name, kFirstColumn)
            << pad_left(thousands(static_cast<std::uint64_t>(one->elements)), kColumn)
            << pad_left(fixed(one->cosine, 5), kColumn) << pad_left(fixed(one->relative_distance, 4), kColumn)
            << pad_left(with_digits(one->squared_distance), kColumn) << '\n';
    }
    const VectorSimilarity* least = nullptr;
    for (const VectorSimilarity& layer : similarity.layers) {
        if (layer.cosine && (least == nullptr || *layer.cosine < *least->cosine)) least = &layer;
    }
    if (least != nullptr) wrapped("Least alike: " + least->name + ", cosine " + fixed(least->cosine, 5) + ".", out);
}

void print_noise(const AnalyzeReport& report, const Style& style, std::ostream& out) {
    out << '\n'
        << style.bold("Gradient noise over " + std::to_string(report.noise.front().batches) + " batches") << '\n';
    header("batch, precision", {"loss", "variance", "var. (w)", "|mean|^2", "share %", "steady", "as fp32"}, style,
           out);
    std::int64_t batch_images = report.noise.front().batch_images;
    for (const GradientNoise& noise : report.noise) {
        if (noise.batch_images != batch_images) out << '\n';
        batch_images = noise.batch_images;
        const NoiseFigures& weights = noise.weights;
        const std::string share = weights.share ? fixed(100 * *weights.share, 1) : "-";
        out << pad_right(std::to_string(noise.batch_images) + ", " + noise.setup, kFirstColumn)
            << pad_left(with_digits(noise.loss), kColumn) << pad_left(scientific(noise.trained.variance), kColumn)
            << pad_left(scientific(weights.variance), kColumn) << pad_left(scientific(weights.squared_mean), kColumn)
            << pad_left(share, kColumn) << pad_left(fixed(weights.steady, 4), kColumn)
            << pad_left(fixed(weights.true_to_fp32, 4), kColumn) << '\n';
    }
    wrapped(
        "variance: of the gradient of all trained parameters, per batch. The rest is of the weights: share of "
        "|gradient|^2 that is noise, steady: mean cosine with the moving average of the gradients before, as fp32: "
        "mean cosine with the fp32 gradient of the same batch. At the weights before, or at the tuned ones where the "
        "row says so; no step is taken.",
        out);
}

void print_bound(const AnalyzeReport& report, std::ostream& out) {
    if (!report.similarity || report.noise.empty()) return;
    wrapped("Bound of gradient descent, k <= (variance + L |x0 - x*|^2)^2 / e^2: |x0 - x*|^2 = " +
                with_digits(report.similarity->trained.squared_distance) +
                " (trained parameters, the tuned network taken for x*), the variance as above.",
            out);
}

using Rows = std::vector<QuantizationNoise>;

const QuantizationNoise* worst(const Rows& rows) {
    const QuantizationNoise* found = nullptr;
    for (const QuantizationNoise& row : rows) {
        if (row.decibels && (found == nullptr || *row.decibels < *found->decibels)) found = &row;
    }
    return found;
}

void print_quantization(const AnalyzeReport& report, const Style& style, std::ostream& out) {
    constexpr std::size_t wide = 34;
    const std::string images =
        report.noise_images > 0 ? ", stored tensors over " + std::to_string(report.noise_images) + " images" : "";
    out << '\n' << style.bold("Signal to quantization noise, dB" + images) << '\n';
    out << style.bold(pad_right("precision", kFirstColumn) + pad_left("logits", kColumn) + "  " +
                      pad_right("worst tensor", wide) + "worst weights")
        << '\n';
    const auto text = [](const QuantizationNoise* row) {
        return row == nullptr ? std::string("-") : decibels(row->decibels) + " " + row->name;
    };
    for (const PrecisionAnalysis& one : report.precisions) {
        const std::string logits = one.tensors.empty() ? "-" : decibels(one.tensors[one.logits].decibels);
        out << pad_right(one.name, kFirstColumn) << pad_left(logits, kColumn) << "  "
            << pad_right(text(worst(one.tensors)), wide) << text(worst(one.weights)) << '\n';
    }
}

void print_accumulators(const AnalyzeReport& report, const Style& style, std::ostream& out) {
    out << '\n' << style.bold("Accumulator bits that cannot overflow, widest layer") << '\n';
    header("precision", {"any w.", "these w."}, style, out);
    for (const PrecisionAnalysis& one : report.precisions) {
        const AccumulatorWidth* widest = nullptr;
        std::optional<int> these;
        for (const AccumulatorWidth& layer : one.accumulators) {
            if (widest == nullptr || layer.any_weights_bits > widest->any_weights_bits) widest = &layer;
            if (layer.these_weights_bits) these = std::max(these.value_or(0), *layer.these_weights_bits);
        }
        if (widest == nullptr) continue;
        out << pad_right(one.name, kFirstColumn) << pad_left(std::to_string(widest->any_weights_bits), kColumn)
            << pad_left(these ? std::to_string(*these) : "-", kColumn) << "  " << widest->name << " ("
            << widest->reduction_size << " products)\n";
    }
}

}  // namespace

void print_analysis(const AnalyzeReport& report, bool layers, const Style& style, std::ostream& out) {
    out << style.bold(report.title);
    if (!report.dataset.empty()) out << ", training images of " << report.dataset;
    out << '\n';
    if (report.similarity) print_similarity(*report.similarity, style, out);
    if (!report.noise.empty()) print_noise(report, style, out);
    print_bound(report, out);
    const bool has_weights = !report.precisions.empty() && !report.precisions.front().weights.empty();
    const bool has_tuned = !report.precisions.empty() && !report.precisions.back().weights.empty();
    if (has_weights || has_tuned) print_quantization(report, style, out);
    print_accumulators(report, style, out);
    if (layers) print_analysis_layers(report, style, out);
    if (report.left_out.empty()) return;
    out << '\n' << style.bold("Left out") << '\n';
    for (const std::string& line : report.left_out) wrapped(line, out);
}

}  // namespace npusim::cli
