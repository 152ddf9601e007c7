#include <algorithm>
#include <cmath>
#include <ostream>

#include "cli/eval_command.h"
#include "cli/format.h"
#include "npusim/models/quantization/precision_json.h"

namespace npusim::cli {
namespace {

std::string percent_text(double share) {
    const std::string text = std::to_string(std::llround(share * 10'000));
    const std::string padded = text.size() < 3 ? std::string(3 - text.size(), '0') + text : text;
    return padded.substr(0, padded.size() - 2) + "." + padded.substr(padded.size() - 2);
}

double agreement(const LevelResult& a, const LevelResult& b) {
    const std::size_t count = std::min(a.predictions.size(), b.predictions.size());
    std::size_t equal = 0;
    for (std::size_t i = 0; i < count; ++i) equal += a.predictions[i] == b.predictions[i] ? 1 : 0;
    return static_cast<double>(equal) / static_cast<double>(count);
}

using Confusion = std::vector<std::vector<std::int64_t>>;

/// [class][prediction]
Confusion confusion_of(const EvalReport& report, const LevelResult& level) {
    const std::size_t classes = report.class_names.size();
    Confusion counts(classes, std::vector<std::int64_t>(classes));
    for (std::size_t i = 0; i < level.predictions.size(); ++i) {
        ++counts[static_cast<std::size_t>(report.labels[i])][static_cast<std::size_t>(level.predictions[i])];
    }
    return counts;
}

void print_confusion(const EvalReport& report, const LevelResult& level, std::ostream& out) {
    constexpr std::size_t kMostClasses = 20;
    constexpr std::size_t kName = 12;
    constexpr std::size_t kWidth = 5;
    if (report.class_names.size() > kMostClasses) {
        out << "\nconfusion: too many classes to print; --json has every prediction\n";
        return;
    }
    out << "\nconfusion at level " << name_of(level.level) << ": rows are classes, columns what they were taken for\n"
        << pad_right("", kName);
    for (std::size_t k = 0; k < report.class_names.size(); ++k) out << pad_left(std::to_string(k), kWidth);
    out << '\n';
    const Confusion counts = confusion_of(report, level);
    for (std::size_t k = 0; k < counts.size(); ++k) {
        out << pad_right((std::to_string(k) + " " + report.class_names[k]).substr(0, kName - 1), kName);
        for (const std::int64_t count : counts[k]) out << pad_left(count == 0 ? "." : std::to_string(count), kWidth);
        out << '\n';
    }
}

}  // namespace

void print_eval(const EvalReport& report, bool confusion, std::ostream& out) {
    const PrecisionSpec& precision = report.precision;
    out << report.network << " on " << report.dataset << ": W" << precision.weight_bits << "A"
        << precision.activation_bits << ", residual_bits " << precision.residual_bits << ", first_last_bits "
        << precision.first_last_bits << (report.fine_tuned ? ", fine-tuned\n\n" : ", post-training\n\n");
    constexpr std::size_t kWide = 12;
    out << pad_right("level", kWide) << pad_left("images", kWide) << pad_left("top-1, %", kWide)
        << pad_left("top-5, %", kWide) << "   same prediction as " << name_of(report.levels.front().level) << ", %\n";
    for (const LevelResult& level : report.levels) {
        out << pad_right(name_of(level.level), kWide) << pad_left(thousands(level.predictions.size()), kWide)
            << pad_left(percent_text(level.top1), kWide) << pad_left(percent_text(level.top5), kWide)
            << pad_left(percent_text(agreement(report.levels.front(), level)), kWide) << '\n';
    }
    const auto integer_levels = std::count_if(report.levels.begin(), report.levels.end(),
                                              [](const LevelResult& level) { return level.level != Level::fp32; });
    if (integer_levels > 1) out << "\nThe integer levels' logits are equal to the bit on the images that they share.\n";
    if (confusion) print_confusion(report, report.levels.back(), out);
}

std::string eval_json(const EvalReport& report) {
    nlohmann::json levels = nlohmann::json::array();
    for (const LevelResult& level : report.levels) {
        levels.push_back({{"level", name_of(level.level)},
                          {"images", level.predictions.size()},
                          {"top1", level.top1},
                          {"top5", level.top5},
                          {"agreement", agreement(report.levels.front(), level)},
                          {"confusion", confusion_of(report, level)},
                          {"predictions", level.predictions}});
    }
    const nlohmann::json json = {{"network", report.network},
                                 {"dataset", report.dataset},
                                 {"precision", to_json(report.precision)},
                                 {"fine_tuned", report.fine_tuned},
                                 {"class_names", report.class_names},
                                 {"labels", report.labels},
                                 {"levels", levels}};
    return json.dump(1) + "\n";
}

}  // namespace npusim::cli
