#include "npusim/base/json_reader.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <type_traits>

#include "npusim/base/error.h"
#include "range_schema.h"

namespace npusim {
namespace {

using nlohmann::json;

constexpr std::size_t most_problems = 100;
constexpr std::size_t longest_quote = 60;

/// A value as people would write it; objects and arrays by their kind only.
std::string quoted(const json& value) {
    if (value.is_object()) return "an object";
    if (value.is_array()) return "an array";
    std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > longest_quote) text = text.substr(0, longest_quote) + "...\"";
    return text;
}

std::string wrong_type(const json& value, const std::string& needed) {
    std::string found = quoted(value);
    if (value.is_string()) found += " is a string";
    if (value.is_boolean()) found += " is a boolean";
    if (value.is_number_float()) found += " is a number with a fraction or an exponent";
    if (value.is_number_integer()) found += " is an integer";
    if (value.is_null() || value.is_structured()) found += " is given";
    return found + ", " + needed + " is needed";
}

std::string written(std::int64_t value) {
    return std::to_string(value);
}
std::string written(double value) {
    std::string text = json(value).dump();
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text;
}

template <typename T>
std::string outside(const std::string& value, Range<T> allowed) {
    const bool has_low = std::is_integral_v<T> ? allowed.low != std::numeric_limits<T>::lowest()
                                               : allowed.low > std::numeric_limits<T>::lowest();
    const bool has_high = allowed.high < std::numeric_limits<T>::max();
    if (has_low && has_high) return value + " is outside " + written(allowed.low) + ".." + written(allowed.high);
    if (has_low) return value + " is below " + written(allowed.low) + ", the least allowed";
    if (has_high) return value + " is above " + written(allowed.high) + ", the most allowed";
    return value + " is too large for a number of 64 bits";
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
    const std::vector<std::string> nearest = nearest_names(word, candidates);
    return nearest.empty() ? "" : "did you mean \"" + join(nearest, "\" or \"") + "\"?";
}

std::vector<std::string> sorted_names(const std::set<std::string>& names) {
    return {names.begin(), names.end()};
}

}  // namespace

struct JsonReader::Source {
    std::string file;
    std::vector<std::string> problems;
    std::size_t left_out = 0;  ///< problems beyond most_problems

    void note(const std::string& problem) {
        if (std::find(problems.begin(), problems.end(), problem) != problems.end()) return;
        if (problems.size() < most_problems) {
            problems.push_back(problem);
        } else {
            ++left_out;
        }
    }
};

JsonReader::JsonReader(const json& value, std::string file)
    : JsonReader(&value, "", std::make_shared<Source>(Source{std::move(file), {}, 0})) {
    if (value_ == nullptr) source_->note(source_->file + ": " + wrong_type(value, "an object"));
}

JsonReader JsonReader::recording(const json& given, json& schema) {
    schema = {{"type", "object"}};
    JsonReader reader(given, "schema");
    reader.schema_ = &schema;
    return reader;
}

JsonReader::JsonReader(const json* value, std::string pointer, std::shared_ptr<Source> source)
    : value_(value != nullptr && value->is_object() ? value : nullptr),
      pointer_(std::move(pointer)),
      source_(std::move(source)) {}

std::string JsonReader::pointer_to(const std::string& key) const {
    return pointer_ + json::json_pointer().operator/=(key).to_string();
}

void JsonReader::note(const std::string& pointer, const std::string& message) {
    if (value_ == nullptr) return;
    source_->note(source_->file + ": " + (pointer.empty() ? "" : pointer + ": ") + message);
}

const json* JsonReader::find(const std::string& key, bool required) {
    read_keys_.insert(key);
    if (has(key)) return &value_->at(key);
    if (required) note(pointer_to(key), "is missing");
    return nullptr;
}

const json& JsonReader::array(const std::string& key) {
    static const json empty = json::array();
    const json* value = find(key, true);
    if (value != nullptr && value->is_array()) return *value;
    if (value != nullptr) note(pointer_to(key), wrong_type(*value, "an array"));
    return empty;
}

std::optional<std::int64_t> JsonReader::read_integer(const json& value, const std::string& pointer,
                                                     Range<std::int64_t> allowed) {
    const double largest = std::ldexp(1.0, 63);
    const bool too_large = value.is_number_float() && std::abs(value.get<double>()) >= largest;
    if (!value.is_number_integer() && !too_large) {
        note(pointer, wrong_type(value, "an integer"));
        return std::nullopt;
    }
    const bool wraps = value.is_number_unsigned() &&
                       value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    const std::int64_t number = too_large || wraps ? 0 : value.get<std::int64_t>();
    if (too_large || wraps || number < allowed.low || number > allowed.high) {
        const bool above_all = wraps || (too_large && value.get<double>() > 0);
        note(pointer, above_all && allowed.high == std::numeric_limits<std::int64_t>::max()
                          ? quoted(value) + " is too large for a number of 64 bits"
                          : outside(quoted(value), allowed));
        return std::nullopt;
    }
    return number;
}

std::optional<double> JsonReader::read_number(const json& value, const std::string& pointer, Range<double> allowed) {
    if (!value.is_number()) {
        note(pointer, wrong_type(value, "a number"));
        return std::nullopt;
    }
    const double number = value.get<double>();
    if (!std::isfinite(number)) {
        note(pointer, "is not a finite number");
        return std::nullopt;
    }
    if (number < allowed.low || number > allowed.high) {
        note(pointer, outside(quoted(value), allowed));
        return std::nullopt;
    }
    return number;
}

std::int64_t JsonReader::integer(const std::string& key, Range<std::int64_t> allowed) {
    if (auto* schema = record(key, true)) *schema = range_schema("integer", allowed);
    const json* value = find(key, true);
    return value == nullptr ? allowed.low : read_integer(*value, pointer_to(key), allowed).value_or(allowed.low);
}

std::int64_t JsonReader::integer_or(const std::string& key, Range<std::int64_t> allowed, std::int64_t fallback) {
    if (auto* schema = record(key, false)) {
        *schema = range_schema("integer", allowed);
        (*schema)["default"] = fallback;
    }
    const json* value = find(key, false);
    return value == nullptr ? fallback : read_integer(*value, pointer_to(key), allowed).value_or(fallback);
}

std::optional<std::int64_t> JsonReader::checked_integer(const std::string& key, Range<std::int64_t> allowed) {
    const std::int64_t value = integer(key, allowed);
    if (!has(key) || !raw(key).is_number_integer() || raw(key) != nlohmann::json(value)) return std::nullopt;
    return value;
}

double JsonReader::number(const std::string& key, Range<double> allowed) {
    if (auto* schema = record(key, true)) *schema = range_schema("number", allowed);
    const json* value = find(key, true);
    return value == nullptr ? allowed.low : read_number(*value, pointer_to(key), allowed).value_or(allowed.low);
}

double JsonReader::number_or(const std::string& key, Range<double> allowed, double fallback) {
    if (auto* schema = record(key, false)) {
        *schema = range_schema("number", allowed);
        (*schema)["default"] = fallback;
    }
    const json* value = find(key, false);
    return value == nullptr ? fallback : read_number(*value, pointer_to(key), allowed).value_or(fallback);
}

bool JsonReader::boolean(const std::string& key) {
    if (auto* schema = record(key, true)) *schema = {{"type", "boolean"}};
    const json* value = find(key, true);
    if (value == nullptr || value->is_boolean()) return value != nullptr && value->get<bool>();
    note(pointer_to(key), wrong_type(*value, "true or false"));
    return false;
}

bool JsonReader::boolean_or(const std::string& key, bool fallback) {
    if (auto* schema = record(key, false)) *schema = {{"type", "boolean"}, {"default", fallback}};
    return find(key, false) == nullptr ? fallback : boolean(key);
}

std::string JsonReader::text(const std::string& key) {
    if (auto* schema = record(key, true)) *schema = {{"type", "string"}};
    const json* value = find(key, true);
    if (value == nullptr) return "";
    if (value->is_string()) return value->get<std::string>();
    note(pointer_to(key), wrong_type(*value, "a string"));
    return "";
}

std::string JsonReader::text_or(const std::string& key, const std::string& fallback) {
    if (auto* schema = record(key, false)) *schema = {{"type", "string"}, {"default", fallback}};
    return find(key, false) == nullptr ? fallback : text(key);
}

std::vector<std::int64_t> JsonReader::integers(const std::string& key, Range<std::int64_t> allowed) {
    if (auto* schema = record(key, true)) *schema = list_schema(range_schema("integer", allowed));
    std::vector<std::int64_t> values;
    for (const json& element : array(key)) {
        const std::string pointer = pointer_to(key) + "/" + std::to_string(values.size());
        values.push_back(read_integer(element, pointer, allowed).value_or(allowed.low));
    }
    return values;
}

std::vector<double> JsonReader::numbers(const std::string& key, Range<double> allowed, bool null_allowed) {
    if (auto* schema = record(key, true)) {
        *schema = list_schema(range_schema("number", allowed));
        if (null_allowed) (*schema)["items"]["type"] = {"number", "null"};
    }
    std::vector<double> values;
    for (const json& element : array(key)) {
        const std::string pointer = pointer_to(key) + "/" + std::to_string(values.size());
        const bool is_nan = null_allowed && element.is_null();
        values.push_back(is_nan ? std::numeric_limits<double>::quiet_NaN()
                                : read_number(element, pointer, allowed).value_or(allowed.low));
    }
    return values;
}

std::vector<double> JsonReader::numbers_or(const std::string& key, Range<double> allowed,
                                           const std::vector<double>& fallback) {
    if (auto* schema = record(key, false)) {
        *schema = list_schema(range_schema("number", allowed));
        (*schema)["default"] = fallback;
    }
    return find(key, false) == nullptr ? fallback : numbers(key, allowed);
}

std::optional<std::string> JsonReader::choose(const std::string& key, const std::vector<std::string>& known) {
    record_choice(key, known, nullptr);
    const json* value = find(key, true);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) {
        note(pointer_to(key), wrong_type(*value, "one of " + join(known)));
        return std::nullopt;
    }
    const auto name = value->get<std::string>();
    if (std::find(known.begin(), known.end(), name) != known.end()) return name;
    const std::string hint = did_you_mean(name, known);
    note(pointer_to(key),
         quoted(*value) + " is unknown, allowed are " + join(known) + (hint.empty() ? "" : "; ") + hint);
    return std::nullopt;
}

bool JsonReader::has(const std::string& key) const {
    return value_ != nullptr && value_->contains(key);
}

JsonReader JsonReader::member(const json& value, const std::string& pointer) {
    if (!value.is_object()) note(pointer, wrong_type(value, "an object"));
    return {&value, pointer, source_};
}

JsonReader JsonReader::object(const std::string& key) {
    if (auto* schema = record(key, true)) return recorder_of(key, *schema);
    const json* value = find(key, true);
    if (value == nullptr) return {nullptr, pointer_to(key), source_};
    return member(*value, pointer_to(key));
}

std::optional<JsonReader> JsonReader::object_if_given(const std::string& key) {
    if (auto* schema = record(key, false)) return recorder_of(key, *schema);
    return find(key, false) == nullptr ? std::nullopt : std::optional(object(key));
}

std::vector<JsonReader> JsonReader::objects_or_none(const std::string& key) {
    if (auto* schema = record(key, false)) return {recorder_of_items(key, *schema)};
    return find(key, false) == nullptr ? std::vector<JsonReader>{} : objects(key);
}

std::vector<std::pair<std::string, JsonReader>> JsonReader::named_objects() {
    if (is_recording()) return {{"", recorder_of("", (*schema_)["additionalProperties"])}};
    std::vector<std::pair<std::string, JsonReader>> readers;
    for (const std::string& name : keys()) readers.emplace_back(name, object(name));
    return readers;
}

std::vector<JsonReader> JsonReader::objects(const std::string& key) {
    if (auto* schema = record(key, true)) return {recorder_of_items(key, *schema)};
    std::vector<JsonReader> readers;
    for (const json& element : array(key)) {
        readers.push_back(member(element, pointer_to(key) + "/" + std::to_string(readers.size())));
    }
    return readers;
}

std::vector<std::string> JsonReader::keys() const {
    std::vector<std::string> names;
    if (value_ == nullptr) return names;
    for (const auto& item : value_->items()) names.push_back(item.key());
    return names;
}

const json& JsonReader::raw(const std::string& key) {
    (void)record(key, true);
    static const json null;
    const json* value = find(key, true);
    return value == nullptr ? null : *value;
}

void JsonReader::problem(const std::string& key, const std::string& message) {
    note(key.empty() ? pointer_ : pointer_to(key), message);
}

void JsonReader::reject_unknown_keys() {
    if (is_recording()) {
        (*schema_)["additionalProperties"] = false;
        return;
    }
    std::set<std::string> absent;
    std::copy_if(read_keys_.begin(), read_keys_.end(), std::inserter(absent, absent.end()),
                 [this](const std::string& key) { return !has(key); });
    for (const std::string& key : keys()) {
        if (read_keys_.contains(key)) continue;
        const std::string hint = did_you_mean(key, sorted_names(absent));
        const std::string known =
            read_keys_.empty() ? "none is known here" : "known are " + join(sorted_names(read_keys_));
        note(pointer_to(key), "unknown key, " + (hint.empty() ? known : hint));
    }
}

void JsonReader::finish() const {
    std::vector<std::string> problems = source_->problems;
    if (problems.empty()) return;
    if (source_->left_out > 0) {
        problems.push_back(source_->file + ": and " + std::to_string(source_->left_out) + " problems more");
    }
    throw InputError(problems);
}

std::size_t JsonReader::problem_count() const {
    return source_->problems.size() + source_->left_out;
}

const std::string& JsonReader::file() const {
    return source_->file;
}

}  // namespace npusim
