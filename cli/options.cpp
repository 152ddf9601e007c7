#include "cli/options.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cstddef>
#include <limits>

#include "npusim/base/error.h"
#include "npusim/models/quantization/precision.h"

namespace npusim::cli {
namespace {

namespace po = boost::program_options;

std::vector<std::string> option_names() {
    std::vector<std::string> names;
    for (const OptionGroup& group : option_groups()) {
        for (const OptionRow& row : group.rows) names.push_back(std::string("--") + row.name);
    }
    return names;
}

po::options_description described_options() {
    po::options_description description;
    for (const OptionGroup& group : option_groups()) {
        for (const OptionRow& row : group.rows) {
            const std::string name = std::string(row.name) == "help" ? "help,h" : row.name;
            if (row.argument == nullptr) {
                description.add_options()(name.c_str(), "");
            } else {
                description.add_options()(name.c_str(), po::value<std::string>());
            }
        }
    }
    description.add_options()("words", po::value<std::vector<std::string>>());
    return description;
}

std::string unknown_option_text(const std::string& name) {
    const std::string word = name.starts_with("-") ? name : "--" + name;
    const auto nearest = nearest_names(word, option_names(), 1);
    return "unknown option " + word +
           (nearest.empty() ? "; npusim --help lists the options" : "; did you mean " + nearest.front() + "?");
}

/// Boost takes the word after an option as its value even where that is an option itself.
void refuse_options_as_values(const po::parsed_options& parsed) {
    for (const auto& option : parsed.options) {
        if (option.position_key >= 0 || option.value.empty() || !option.value.front().starts_with("--")) continue;
        throw InputError("option --" + option.string_key + ": needs a value, not the option " + option.value.front());
    }
}

po::variables_map parse_words(const std::vector<std::string>& words) {
    using namespace po::command_line_style;
    constexpr int style =
        allow_long | long_allow_adjacent | long_allow_next | allow_short | short_allow_next | allow_dash_for_short;
    const po::options_description description = described_options();
    po::positional_options_description positional;
    positional.add("words", -1);
    po::variables_map values;
    try {
        const auto parsed =
            po::command_line_parser(words).options(description).positional(positional).style(style).run();
        refuse_options_as_values(parsed);
        po::store(parsed, values);
    } catch (const po::unknown_option& error) {
        throw InputError(unknown_option_text(error.get_option_name()));
    } catch (const po::multiple_occurrences& error) {
        throw InputError("option " + error.get_option_name() + ": is given more than once");
    } catch (const po::invalid_command_line_syntax& error) {
        const bool missing = error.kind() == po::invalid_syntax::missing_parameter;
        throw InputError("option " + error.get_option_name() + (missing ? ": needs a value" : ": takes no value"));
    } catch (const po::error& error) {
        throw InputError(error.what());
    }
    return values;
}

/// Reads options one by one and gathers their problems.
class OptionReader {
public:
    explicit OptionReader(const po::variables_map& values) : values_(values) {}

    [[nodiscard]] bool has(const std::string& name) const { return values_.count(name) != 0; }
    [[nodiscard]] std::string text(const std::string& name, const std::string& fallback = "") {
        if (!has(name)) return fallback;
        std::string value = values_[name].as<std::string>();
        if (value.empty()) problem(name, "must not be empty");
        return value;
    }
    std::optional<std::int64_t> integer(const std::string& name, std::int64_t low, std::int64_t high) {
        if (!has(name)) return std::nullopt;
        const std::string value = text(name);
        const auto number = number_in(value, low, high);
        if (!number)
            problem(name, value + " is no integer from " + std::to_string(low) + " to " + std::to_string(high));
        return number;
    }
    template <typename Enum>
    void choice(const std::string& name, const std::vector<Enum>& allowed, nlohmann::json& object,
                const std::string& key) {
        if (!has(name)) return;
        std::vector<std::string> names;
        names.reserve(allowed.size());
        for (const Enum value : allowed) names.emplace_back(name_of(value));
        const std::string value = text(name);
        if (std::find(names.begin(), names.end(), value) == names.end()) {
            problem(name, value + " is not known, allowed: " + join(names));
        }
        object[key] = value;
    }
    void bits(const std::string& name, const std::string& value, nlohmann::json& field) {
        constexpr std::int64_t widest = 16;
        constexpr std::int64_t most_small = 8;
        const auto number = number_in(value, 1, widest);
        if (!number || (*number > most_small && *number != widest)) {
            problem(name, value + " is no number of bits, allowed: 1 to 8, 16");
        }
        field = number.value_or(1);
    }
    void problem(const std::string& name, const std::string& message) {
        problems_.push_back("option --" + name + ": " + message);
    }
    void finish() const {
        if (!problems_.empty()) throw InputError(problems_);
    }

private:
    static std::optional<std::int64_t> number_in(const std::string& text, std::int64_t low, std::int64_t high) {
        std::int64_t number = 0;
        const char* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        if (error != std::errc() || stop != end || number < low || number > high) return std::nullopt;
        return number;
    }

    const po::variables_map& values_;
    std::vector<std::string> problems_;
};

void read_precision(OptionReader& reader, nlohmann::json& precision) {
    if (reader.has("bits")) {
        const std::string value = reader.text("bits");
        const std::size_t comma = value.find(',');
        const std::string weight = value.substr(0, comma);
        reader.bits("bits", weight, precision["weight_bits"]);
        reader.bits("bits", comma == std::string::npos ? weight : value.substr(comma + 1),
                    precision["activation_bits"]);
    }
    if (reader.has("residual-bits")) {
        reader.bits("residual-bits", reader.text("residual-bits"), precision["residual_bits"]);
    }
    if (reader.has("first-last-bits")) {
        reader.bits("first-last-bits", reader.text("first-last-bits"), precision["first_last_bits"]);
    }
    reader.choice<ScaleKind>("scales", {ScaleKind::free, ScaleKind::power_of_two}, precision, "scales");
    reader.choice<Granularity>("granularity", {Granularity::per_channel, Granularity::per_tensor}, precision,
                               "granularity");
    reader.choice<BatchNormPlacement>("batch-norm", {BatchNormPlacement::multiplier, BatchNormPlacement::weights},
                                      precision, "batch_norm");
    reader.choice<Rounding>("rounding",
                            {Rounding::half_up, Rounding::half_even, Rounding::half_away, Rounding::double_rounding},
                            precision, "rounding");
}

void read_numbers(OptionReader& reader, Options& options) {
    constexpr std::int64_t most_calibration_images = 50'000;
    constexpr std::int64_t most_pixels = 65'536;
    constexpr std::int64_t most_threads = 4096;
    constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();
    options.image_size = reader.integer("image-size", 1, most_pixels);
    options.calibration_images =
        reader.integer("calibration-images", 1, most_calibration_images).value_or(options.calibration_images);
    options.test_images = reader.integer("test-images", 1, any);
    options.prove_images = reader.integer("prove-images", 0, any);
    options.seed = static_cast<std::uint64_t>(reader.integer("seed", 0, any).value_or(1));
    options.threads = static_cast<unsigned>(reader.integer("threads", 1, most_threads).value_or(0));
}

/// What would fail only after minutes of work is refused before.
void check_outputs(OptionReader& reader, const Options& options) {
    std::error_code ignored;
    for (const auto& [name, path] : {std::pair{"json", options.json}, {"csv", options.csv}, {"dump", options.dump}}) {
        if (path.empty()) continue;
        const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
        if (!std::filesystem::is_directory(folder, ignored)) {
            reader.problem(name, path.string() + ": there is no folder " + folder.string());
        }
    }
    if (!options.dump.empty() && std::filesystem::exists(options.dump, ignored) &&
        !(std::filesystem::is_directory(options.dump, ignored) && std::filesystem::is_empty(options.dump, ignored))) {
        reader.problem("dump", options.dump.string() + " exists already; name a new folder or an empty one");
    }
    for (const auto& [name, path] : {std::pair{"json", options.json}, {"csv", options.csv}}) {
        if (std::filesystem::is_directory(path, ignored)) {
            reader.problem(name, path.string() + " is a folder; name a file");
        }
    }
}

Action action_of(const po::variables_map& values) {
    if (values.count("words") != 0) {
        const auto& words = values["words"].as<std::vector<std::string>>();
        if (words == std::vector<std::string>{"help"}) return Action::help;
        throw InputError("unexpected word \"" + words.front() + "\": npusim takes options only; npusim --help");
    }
    if (values.count("help") != 0) return Action::help;
    if (values.count("version") != 0) return Action::version;
    return values.count("list") != 0 ? Action::list : Action::simulate;
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments, const Environment& environment) {
    const po::variables_map values = parse_words({arguments.begin() + 1, arguments.end()});
    Options options;
    options.command = arguments;
    options.action = action_of(values);
    OptionReader reader(values);
    options.arch = reader.text("arch", options.arch);
    options.model = reader.text("model");
    options.weights = reader.text("weights");
    options.dataset = reader.text("dataset");
    options.data_root =
        reader.has("data-root") ? std::filesystem::path(reader.text("data-root")) : environment.data_root;
    options.json = reader.text("json");
    options.csv = reader.text("csv");
    options.dump = std::filesystem::path(reader.text("dump"));
    if (!options.dump.has_filename()) options.dump = options.dump.parent_path();  // a trailing slash
    options.layers = reader.has("layers");
    options.ladder = !reader.has("no-ladder");
    options.quiet = reader.has("quiet");
    read_numbers(reader, options);
    read_precision(reader, options.precision);
    check_outputs(reader, options);
    if (options.action == Action::simulate && !reader.has("model")) {
        reader.problem("model", "is needed: npusim --model resnet34; --list names the networks, --help explains");
    }
    reader.finish();
    return options;
}

}  // namespace npusim::cli
