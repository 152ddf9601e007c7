// The analysis as JSON, as CSV and as pictures.
#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "cli/analyze_report.h"
#include "cli/csv_text.h"
#include "npusim/models/quantization/precision_json.h"

namespace npusim::cli {
namespace {

using nlohmann::json;

template <typename T>
json optional_json(const std::optional<T>& value) {
    return value ? json(*value) : json(nullptr);
}

json object_of(const VectorSimilarity& one) {
    return {{"name", one.name},
            {"elements", one.elements},
            {"cosine", optional_json(one.cosine)},
            {"relative_distance", optional_json(one.relative_distance)},
            {"squared_distance", one.squared_distance}};
}

json object_of(const NoiseFigures& one) {
    return {{"name", one.name},
            {"elements", one.elements},
            {"variance", one.variance},
            {"squared_mean", one.squared_mean},
            {"noise_share", optional_json(one.share)},
            {"cosine_with_moving_average", optional_json(one.steady)},
            {"cosine_with_fp32", optional_json(one.true_to_fp32)}};
}

json object_of(const QuantizationNoise& one) {
    return {{"name", one.name},     {"bits", one.bits},   {"elements", one.elements},
            {"signal", one.signal}, {"noise", one.noise}, {"sqnr_db", optional_json(one.decibels)}};
}

json object_of(const AccumulatorWidth& one) {
    return {{"name", one.name},
            {"reduction_size", one.reduction_size},
            {"weight_bits", one.weight_bits},
            {"input_bits", one.input_bits},
            {"safe_bits_any_weights", one.any_weights_bits},
            {"safe_bits_these_weights", optional_json(one.these_weights_bits)}};
}

json object_of(const GradientNoise& one);
json object_of(const PrecisionAnalysis& one);

template <typename T>
json rows_json(const std::vector<T>& rows) {
    json array = json::array();
    for (const T& row : rows) array.push_back(object_of(row));
    return array;
}

json object_of(const GradientNoise& one) {
    return {{"setup", one.setup},
            {"batch_images", one.batch_images},
            {"batches", one.batches},
            {"loss", one.loss},
            {"layers", rows_json(one.layers)},
            {"weights", object_of(one.weights)},
            {"trained", object_of(one.trained)}};
}

json object_of(const PrecisionAnalysis& one) {
    return {{"name", one.name},
            {"precision", npusim::to_json(one.precision)},
            {"weights", rows_json(one.weights)},
            {"tensors", rows_json(one.tensors)},
            {"accumulators", rows_json(one.accumulators)}};
}

json similarity_json(const WeightSimilarity& similarity) {
    return {{"layers", rows_json(similarity.layers)},
            {"weights", object_of(similarity.weights)},
            {"trained", object_of(similarity.trained)}};
}

json whole_json(const AnalyzeReport& report) {
    json root{{"npusim_version", report.version}, {"command", report.command}, {"network", report.network}};
    root["inputs"] = {{"weights_file", report.weights_file},
                      {"weights_hash", report.weights_hash},
                      {"tuned_file", report.tuned_file},
                      {"tuned_hash", report.tuned_hash},
                      {"dataset", report.dataset},
                      {"dataset_hash", report.dataset_hash},
                      {"seed", report.seed}};
    root["settings"] = {{"calibration_images", report.calibration_images},
                        {"quantization_noise_images", report.noise_images},
                        {"freeze_batch_norm", report.freeze_batch_norm},
                        {"augment", report.augment},
                        {"piece_images", report.piece_images}};
    root["weight_similarity"] = report.similarity ? similarity_json(*report.similarity) : json(nullptr);
    root["gradient_noise"] = rows_json(report.noise);
    root["precisions"] = rows_json(report.precisions);
    root["left_out"] = report.left_out;
    return root;
}

std::string field_of(const json& value) {
    if (!value.is_number_float()) return value.dump();
    std::array<char, 64> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value.get<double>());
    return {text.data(), end};
}

class Rows {
public:
    /// Every number of an object that describes one layer, tensor or group.
    void add(const std::string& part, const std::string& setup, const std::string& batch_images, const json& object) {
        for (const auto& [figure, value] : object.items()) {
            if (!value.is_number()) continue;
            text_ += part + "," + csv_field(setup) + "," + batch_images + "," +
                     csv_field(object["name"].get<std::string>()) + "," + figure + "," + field_of(value) + "\r\n";
        }
    }
    void add_all(const std::string& part, const std::string& setup, const std::string& batch_images,
                 const json& objects) {
        for (const json& object : objects) add(part, setup, batch_images, object);
    }
    [[nodiscard]] std::string text() const { return "part,setup,batch_images,name,figure,value\r\n" + text_; }

private:
    std::string text_;
};

using Cosine = std::optional<double> NoiseFigures::*;

Plot cosines_by_layer(const AnalyzeReport& report, const std::string& title, Cosine cosine) {
    std::int64_t largest = 0;
    for (const GradientNoise& noise : report.noise) largest = std::max(largest, noise.batch_images);
    Plot plot{title + ", batches of " + std::to_string(largest), "layer", "cosine", false, false, {}};
    for (const GradientNoise& noise : report.noise) {
        if (noise.batch_images != largest) continue;
        PlotSeries series{noise.setup, {}};
        for (std::size_t i = 0; i < noise.layers.size(); ++i) {
            const std::optional<double>& value = noise.layers[i].*cosine;
            if (value) series.points.emplace_back(static_cast<double>(i + 1), *value);
        }
        plot.series.push_back(std::move(series));
    }
    return plot;
}

}  // namespace

std::string analysis_json(const AnalyzeReport& report) {
    return whole_json(report).dump(2) + "\n";
}

std::string analysis_csv(const AnalyzeReport& report) {
    const json root = whole_json(report);
    Rows rows;
    const json& similarity = root["weight_similarity"];
    if (!similarity.is_null()) {
        rows.add_all("weight_similarity", "", "", similarity["layers"]);
        rows.add("weight_similarity", "", "", similarity["weights"]);
        rows.add("weight_similarity", "", "", similarity["trained"]);
    }
    for (const json& noise : root["gradient_noise"]) {
        const auto setup = noise["setup"].get<std::string>();
        const std::string batch = noise["batch_images"].dump();
        rows.add_all("gradient_noise", setup, batch, noise["layers"]);
        rows.add("gradient_noise", setup, batch, noise["weights"]);
        rows.add("gradient_noise", setup, batch, noise["trained"]);
    }
    for (const json& precision : root["precisions"]) {
        const auto setup = precision["name"].get<std::string>();
        rows.add_all("weight_quantization", setup, "", precision["weights"]);
        rows.add_all("tensor_quantization", setup, "", precision["tensors"]);
        rows.add_all("accumulator", setup, "", precision["accumulators"]);
    }
    return rows.text();
}

std::vector<Plot> analysis_plots(const AnalyzeReport& report) {
    Plot variance{report.title + ": variance of the gradient", "images of a batch", "variance", true, true, {}};
    for (const GradientNoise& noise : report.noise) {
        auto series = std::find_if(variance.series.begin(), variance.series.end(),
                                   [&](const PlotSeries& one) { return one.name == noise.setup; });
        if (series == variance.series.end()) {
            series = variance.series.insert(series, {noise.setup, {}});
        }
        series->points.emplace_back(static_cast<double>(noise.batch_images), noise.trained.variance);
        std::sort(series->points.begin(), series->points.end());
    }
    return {variance, cosines_by_layer(report, "Gradient and moving average of those before", &NoiseFigures::steady),
            cosines_by_layer(report, "Gradient and fp32 gradient of the same batch", &NoiseFigures::true_to_fp32)};
}

}  // namespace npusim::cli
