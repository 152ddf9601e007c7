#include "cli/option_reader.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <sstream>

namespace npusim::cli {
namespace {

namespace po = boost::program_options;

std::vector<std::string> option_names(const std::vector<OptionGroup>& groups) {
    std::vector<std::string> names;
    for (const OptionGroup& group : groups) {
        for (const OptionRow& row : group.rows) names.push_back(std::string("--") + row.name);
    }
    return names;
}

po::options_description described_options(const std::vector<OptionGroup>& groups) {
    po::options_description description;
    for (const OptionGroup& group : groups) {
        for (const OptionRow& row : group.rows) {
            const std::string name = std::string(row.name) == "help" ? "help,h" : row.name;
            if (row.argument == nullptr) {
                description.add_options()(name.c_str(), "");
            } else if (row.repeatable) {
                description.add_options()(name.c_str(), po::value<std::vector<std::string>>());
            } else {
                description.add_options()(name.c_str(), po::value<std::string>());
            }
        }
    }
    description.add_options()("words", po::value<std::vector<std::string>>());
    return description;
}

std::string unknown_option_text(const std::vector<OptionGroup>& groups, const std::string& name) {
    const std::string word = name.starts_with("-") ? name : "--" + name;
    const auto nearest = nearest_names(word, option_names(groups), 1);
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

po::variables_map parse_words(const std::vector<OptionGroup>& groups, const std::vector<std::string>& words) {
    using namespace po::command_line_style;
    constexpr int style =
        allow_long | long_allow_adjacent | long_allow_next | allow_short | short_allow_next | allow_dash_for_short;
    const po::options_description description = described_options(groups);
    po::positional_options_description positional;
    positional.add("words", -1);
    po::variables_map values;
    try {
        const auto parsed =
            po::command_line_parser(words).options(description).positional(positional).style(style).run();
        refuse_options_as_values(parsed);
        po::store(parsed, values);
    } catch (const po::unknown_option& error) {
        throw InputError(unknown_option_text(groups, error.get_option_name()));
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

template <typename Number>
std::optional<Number> number_in(const std::string& text, Number low, Number high) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end || !(number >= low && number <= high)) return std::nullopt;
    return number;
}

std::string short_text(double value) {
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() ? std::string(text.data(), end) : std::string("?");
}

}  // namespace

OptionReader::OptionReader(const std::vector<OptionGroup>& groups, const std::vector<std::string>& words) {
    const po::variables_map parsed = parse_words(groups, words);
    for (const auto& [name, value] : parsed) {
        if (name == "words") {
            words_ = value.as<std::vector<std::string>>();
        } else if (const auto* texts = boost::any_cast<std::vector<std::string>>(&value.value())) {
            lists_[name] = *texts;
        } else {
            const auto* text = boost::any_cast<std::string>(&value.value());
            values_[name] = text != nullptr ? *text : "";
        }
    }
}

std::string OptionReader::text(const std::string& name, const std::string& fallback) {
    if (!has(name)) return fallback;
    const std::string& value = values_[name];
    if (value.empty()) problem(name, "must not be empty");
    return value;
}

std::vector<std::string> OptionReader::texts(const std::string& name) const {
    const auto found = lists_.find(name);
    return found == lists_.end() ? std::vector<std::string>() : found->second;
}

std::optional<std::int64_t> OptionReader::integer(const std::string& name, std::int64_t low, std::int64_t high) {
    if (!has(name)) return std::nullopt;
    const std::string value = text(name);
    const auto number = number_in<std::int64_t>(value, low, high);
    if (!number) problem(name, value + " is no integer from " + std::to_string(low) + " to " + std::to_string(high));
    return number;
}

std::optional<double> OptionReader::number(const std::string& name, double low, double high) {
    if (!has(name)) return std::nullopt;
    const std::string value = text(name);
    const auto number = number_in<double>(value, low, high);
    if (!number) problem(name, value + " is no number from " + short_text(low) + " to " + short_text(high));
    return number;
}

std::string OptionReader::one_of(const std::string& name, const std::vector<std::string>& names) {
    std::string value = text(name);
    if (std::find(names.begin(), names.end(), value) == names.end()) {
        problem(name, value + " is not known, allowed: " + join(names));
    }
    return value;
}

void OptionReader::bits(const std::string& name, const std::string& value, nlohmann::json& field) {
    constexpr std::int64_t widest = 16;
    constexpr std::int64_t most_small = 8;
    const auto number = number_in<std::int64_t>(value, 1, widest);
    if (!number || (*number > most_small && *number != widest)) {
        problem(name, value + " is no number of bits, allowed: 1 to 8, 16");
    }
    field = number.value_or(1);
}

void OptionReader::check_output_file(const std::string& name, const std::string& text) {
    if (text.empty()) return;
    const std::filesystem::path path = text;
    std::error_code ignored;
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    if (!std::filesystem::is_directory(folder, ignored)) {
        problem(name, text + ": there is no folder " + folder.string());
    }
    if (std::filesystem::is_directory(path, ignored)) problem(name, text + " is a folder; name a file");
}

/// "conv1=8,layer1.0.conv1=4/8": weight bits, and activation bits where they differ.
static void read_layer_bits(OptionReader& reader, nlohmann::json& layers) {
    std::istringstream entries(reader.text("layer-bits"));
    for (std::string entry; std::getline(entries, entry, ',');) {
        const std::size_t equals = entry.find('=');
        if (equals == std::string::npos || equals == 0) {
            reader.problem("layer-bits", "\"" + entry + "\" is not NAME=W or NAME=W/A");
            continue;
        }
        const std::string bits = entry.substr(equals + 1);
        const std::size_t slash = bits.find('/');
        nlohmann::json& layer = layers[entry.substr(0, equals)];
        reader.bits("layer-bits", bits.substr(0, slash), layer["weight_bits"]);
        reader.bits("layer-bits", slash == std::string::npos ? bits : bits.substr(slash + 1), layer["activation_bits"]);
    }
}

OptionGroup precision_options(const char* title) {
    return {title,
            {{"bits", "W[,A]", "weight and activation bits: 1 to 8, or 16"},
             {"residual-bits", "B", "bits of stored tensors that are added later"},
             {"first-last-bits", "B", "bits of the first and the last layer"},
             {"layer-bits", "LIST", "layers with bits of their own: NAME=W or NAME=W/A, with commas between"},
             {"scales", "KIND", "free or power_of_two"},
             {"granularity", "KIND", "per_channel or per_tensor"},
             {"batch-norm", "PLACE", "multiplier or weights: where batch norm goes"},
             {"rounding", "RULE", "half_up, half_even, half_away or double_rounding"}}};
}

void read_precision(OptionReader& reader, nlohmann::json& precision) {
    if (reader.has("bits")) {
        const std::string value = reader.text("bits");
        const std::size_t comma = value.find(',');
        const std::string weight = value.substr(0, comma);
        reader.bits("bits", weight, precision["weight_bits"]);
        reader.bits("bits", comma == std::string::npos ? weight : value.substr(comma + 1),
                    precision["activation_bits"]);
    }
    if (reader.has("layer-bits")) read_layer_bits(reader, precision["layers"]);
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

}  // namespace npusim::cli
