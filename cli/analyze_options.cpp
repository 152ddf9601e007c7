#include "cli/analyze_options.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "cli/plot.h"
#include "npusim/models/quantization/precision_json.h"

namespace npusim::cli {
namespace {

constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMostImages = 1'000'000;

/// "A,B,C" → its parts, with the empty ones.
std::vector<std::string> list_parts(const std::string& text) {
    std::vector<std::string> parts{""};
    for (const char c : text) {
        if (c == ',') {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

void note_double(OptionReader& reader, const std::string& name, const std::string& part) {
    reader.problem(name, part + " is there twice");
}

void read_bits_list(OptionReader& reader, AnalyzeOptions& options) {
    if (!reader.has("bits")) return;
    options.bits.clear();
    for (const std::string& part : list_parts(reader.text("bits"))) {
        nlohmann::json field;
        reader.bits("bits", part, field);
        const int bits = field.get<int>();
        const auto& seen = options.bits;
        if (std::find(seen.begin(), seen.end(), bits) != seen.end()) note_double(reader, "bits", part);
        options.bits.push_back(bits);
    }
}

void read_batch_sizes(OptionReader& reader, AnalyzeOptions& options) {
    if (!reader.has("batch-sizes")) return;
    options.batch_sizes.clear();
    for (const std::string& part : list_parts(reader.text("batch-sizes"))) {
        std::int64_t images = 0;
        const char* end = part.data() + part.size();
        const auto [stop, error] = std::from_chars(part.data(), end, images);
        if (error != std::errc() || stop != end || images < 1 || images > kMostImages) {
            reader.problem("batch-sizes", "\"" + part + "\" is no number from 1 to " + std::to_string(kMostImages));
        }
        const auto& seen = options.batch_sizes;
        if (std::find(seen.begin(), seen.end(), images) != seen.end()) note_double(reader, "batch-sizes", part);
        options.batch_sizes.push_back(images);
    }
}

/// As fields of a precision, so that its reader checks what fits together.
void read_precision_options(OptionReader& reader, AnalyzeOptions& options) {
    nlohmann::json given = nlohmann::json::object();
    for (const auto& [option, key] :
         {std::pair("residual-bits", "residual_bits"), std::pair("first-last-bits", "first_last_bits")}) {
        if (reader.has(option)) reader.bits(option, reader.text(option), given[key]);
    }
    reader.choice<ScaleKind>("scales", {ScaleKind::free, ScaleKind::power_of_two}, given, "scales");
    reader.choice<Granularity>("granularity", {Granularity::per_channel, Granularity::per_tensor}, given,
                               "granularity");
    reader.choice<Rounding>("rounding",
                            {Rounding::half_up, Rounding::half_even, Rounding::half_away, Rounding::double_rounding},
                            given, "rounding");
    reader.finish();
    options.residual_bits_given = given.contains("residual_bits");
    const int narrowest = *std::min_element(options.bits.begin(), options.bits.end());
    nlohmann::json precision = to_json(options.precision);
    precision.update(given);
    precision["weight_bits"] = precision["activation_bits"] = narrowest;
    JsonReader json(precision, "the options");
    options.precision = npusim::read_precision(json);
    json.finish();
    for (const int bits : options.bits) {
        if (bits <= precision_at(options, bits).residual_bits) continue;
        reader.problem("residual-bits", std::to_string(options.precision.residual_bits) + " is less than the " +
                                            std::to_string(bits) + " bits of the activations");
    }
}

void read_numbers(OptionReader& reader, AnalyzeOptions& options) {
    const auto take = [&](const char* name, std::int64_t low, std::int64_t high, std::int64_t& value) {
        value = reader.integer(name, low, high).value_or(value);
    };
    // With fewer the moving average has seen nothing.
    constexpr std::int64_t fewest_batches = 4;
    constexpr std::int64_t most_pixels = 65'536;
    constexpr std::int64_t most_threads = 4096;
    options.image_size = reader.integer("image-size", 1, most_pixels);
    take("batches", fewest_batches, kMostImages, options.batches);
    take("piece-images", 1, kMostImages, options.piece_images);
    take("images", 1, kMostImages, options.images);
    take("calibration-images", 1, kMostImages, options.calibration_images);
    options.seed = static_cast<std::uint64_t>(reader.integer("seed", 0, kAny).value_or(0));
    options.threads = static_cast<unsigned>(reader.integer("threads", 1, most_threads).value_or(0));
}

void read_outputs(OptionReader& reader, AnalyzeOptions& options) {
    options.json = reader.text("json");
    options.csv = reader.text("csv");
    options.plot = reader.text("plot");
    for (const char* name : {"json", "csv", "plot"}) {
        if (reader.has(name)) reader.check_output_file(name, reader.text(name));
    }
    if (options.plot.empty()) return;
    if (options.weights.empty() || options.dataset.empty()) {
        reader.problem("plot", "gradient noise is drawn, which needs --weights and --dataset");
        return;
    }
    try {
        check_plot(options.plot);
    } catch (const InputError& error) {
        reader.problem("plot", error.what());
    }
}

}  // namespace

PrecisionSpec precision_at(const AnalyzeOptions& options, int bits) {
    PrecisionSpec precision = options.precision;
    precision.weight_bits = precision.activation_bits = bits;
    if (!options.residual_bits_given) precision.residual_bits = std::max(precision.residual_bits, bits);
    return precision;
}

AnalyzeOptions parse_analyze_options(const std::vector<std::string>& arguments, const Environment& environment) {
    OptionReader reader(analyze_option_groups(), {arguments.begin() + 2, arguments.end()});
    AnalyzeOptions options;
    options.command = arguments;
    options.help = reader.has("help");
    if (options.help) return options;
    if (!reader.words().empty()) {
        throw InputError("unexpected word \"" + reader.words().front() + "\": npusim analyze takes options only; " +
                         "npusim analyze --help");
    }
    options.model = reader.text("model");
    if (!reader.has("model")) reader.problem("model", "is needed: npusim analyze --model resnet20 ...");
    options.weights = reader.text("weights");
    options.tuned = reader.text("tuned");
    options.dataset = reader.text("dataset");
    options.data_root =
        reader.has("data-root") ? std::filesystem::path(reader.text("data-root")) : environment.data_root;
    options.freeze_batch_norm = reader.has("freeze-batch-norm");
    options.augment = !reader.has("no-augment");
    options.layers = reader.has("layers");
    options.quiet = reader.has("quiet");
    read_numbers(reader, options);
    read_bits_list(reader, options);
    read_batch_sizes(reader, options);
    read_outputs(reader, options);
    read_precision_options(reader, options);
    reader.finish();
    return options;
}

}  // namespace npusim::cli
