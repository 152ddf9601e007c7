// The strict reader of JSON configuration: every field is asked for by name with its allowed range, unknown keys
// are errors, and all problems of a file are reported at once, each with its JSON pointer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace npusim {

/// Parses strict JSON (no comments, no NaN, at most 100 levels deep). Throws InputError with the line and column of
/// what is no JSON, or with the JSON pointers of all keys that are given twice.
[[nodiscard]] nlohmann::json parse_json(std::string_view text, const std::string& file);
[[nodiscard]] nlohmann::json read_json_file(const std::filesystem::path& path);

template <typename T>
struct Range {
    T low;
    T high;
};

template <typename Enum>
using NamedValues = std::vector<std::pair<std::string, Enum>>;

/// A view of one JSON object. Problems are collected in a list shared by all readers of the file; a getter that
/// meets a problem notes it and returns its fallback (the lowest allowed value, the first choice, "", false), so that
/// reading goes on. `finish` throws. A reader of something that is missing or no object notes nothing more: its
/// absence is one problem, not one for each of its fields.
class JsonReader {
public:
    /// The root reader. `file` names the source in messages. `value` must outlive the reader.
    JsonReader(const nlohmann::json& value, std::string file);
    JsonReader(nlohmann::json&& value, std::string file) = delete;
    /// A reader that finds nothing but what `given` holds and writes into `schema`, as JSON Schema, what it is asked
    /// for: the same code that reads a file then says what the file may hold. `given` serves where reading branches on
    /// a value. Both must outlive the reader, and nothing that it reads is of use.
    [[nodiscard]] static JsonReader recording(const nlohmann::json& given, nlohmann::json& schema);

    /// A required integer. A number with a fraction, a boolean or a string is an error.
    std::int64_t integer(const std::string& key, Range<std::int64_t> allowed);
    std::int64_t integer_or(const std::string& key, Range<std::int64_t> allowed, std::int64_t fallback);
    /// The same, and nothing when it is missing, no integer or out of range, so that rules between fields do not
    /// complain about a field that is wrong already.
    std::optional<std::int64_t> checked_integer(const std::string& key, Range<std::int64_t> allowed);
    double number(const std::string& key, Range<double> allowed);
    double number_or(const std::string& key, Range<double> allowed, double fallback);
    bool boolean(const std::string& key);
    bool boolean_or(const std::string& key, bool fallback);
    std::string text(const std::string& key);
    std::string text_or(const std::string& key, const std::string& fallback);
    /// A list of integers, each within `allowed`. An element with a problem is read as the lowest allowed value.
    std::vector<std::int64_t> integers(const std::string& key, Range<std::int64_t> allowed);
    /// A list of numbers, each within `allowed`; `null` elements are read as NaN where `null_allowed`.
    std::vector<double> numbers(const std::string& key, Range<double> allowed, bool null_allowed = false);
    std::vector<double> numbers_or(const std::string& key, Range<double> allowed, const std::vector<double>& fallback);

    /// One of the names in `known`; the message lists them and the nearest.
    template <typename Enum>
    Enum choice(const std::string& key, const NamedValues<Enum>& known) {
        const auto name = choose(key, names_of(known));
        return name ? value_of(known, *name) : known.front().second;
    }
    template <typename Enum>
    Enum choice_or(const std::string& key, const NamedValues<Enum>& known, Enum fallback) {
        if (has(key)) return choice(key, known);
        read_keys_.insert(key);
        for (const auto& [name, value] : known) {
            if (value == fallback) record_choice(key, names_of(known), &name);
        }
        return fallback;
    }

    [[nodiscard]] bool has(const std::string& key) const;
    /// The reader of a required member object (an empty one when it is missing or no object, after noting it).
    JsonReader object(const std::string& key);
    /// The same of a member that may be missing: nothing then.
    std::optional<JsonReader> object_if_given(const std::string& key);
    /// Readers of the objects in a required array, one an element.
    std::vector<JsonReader> objects(const std::string& key);
    std::vector<JsonReader> objects_or_none(const std::string& key);
    /// Every member of this object, which must all be objects, with its name.
    std::vector<std::pair<std::string, JsonReader>> named_objects();
    /// The names of this object's members, in alphabetical order. Asking for them marks none of them as read.
    [[nodiscard]] std::vector<std::string> keys() const;
    /// The raw value of a key, marked as read; a missing one is a problem and gives null.
    const nlohmann::json& raw(const std::string& key);
    /// Makes a key known that the caller reads in another way, or not; `schema` (JSON) says what it may hold.
    void know(const std::string& key, const char* schema = "{}");
    /// More that the schema says of a key already asked for, or of this object where the key is empty: keywords, as
    /// JSON, of a rule that the caller checks himself.
    void refine(const std::string& key, std::string_view keywords);
    [[nodiscard]] bool is_recording() const { return schema_ != nullptr; }

    /// Notes a problem at `key` (or at this object when empty) found by a rule of the caller.
    void problem(const std::string& key, const std::string& message);
    /// Problems noted so far in the whole file: a rule over several fields is worth checking only when reading them
    /// noted nothing new.
    [[nodiscard]] std::size_t problem_count() const;
    /// Notes every key of this object that was never asked for (with "did you mean"). Call once an object is read.
    void reject_unknown_keys();
    /// Throws InputError with all problems of the file, if there are any.
    void finish() const;

    [[nodiscard]] const std::string& file() const;

private:
    struct Source;
    /// `value` may be null or no object: the reader is then empty and silent.
    JsonReader(const nlohmann::json* value, std::string pointer, std::shared_ptr<Source> source);
    /// The value of `key`, marked as read; null when there is none, which is a problem if it is `required`.
    const nlohmann::json* find(const std::string& key, bool required);
    /// The value of a required array; an empty one after noting a problem.
    const nlohmann::json& array(const std::string& key);
    std::optional<std::int64_t> read_integer(const nlohmann::json& value, const std::string& pointer,
                                             Range<std::int64_t> allowed);
    std::optional<double> read_number(const nlohmann::json& value, const std::string& pointer, Range<double> allowed);
    JsonReader member(const nlohmann::json& value, const std::string& pointer);
    [[nodiscard]] std::string pointer_to(const std::string& key) const;
    void note(const std::string& pointer, const std::string& message);
    std::optional<std::string> choose(const std::string& key, const std::vector<std::string>& known);
    /// The schema of a key, where this reader records and the key is new to it; else null.
    nlohmann::json* record(const std::string& key, bool required);
    void record_choice(const std::string& key, const std::vector<std::string>& names, const std::string* fallback);
    /// Readers that record an object, or those of a list, into this schema.
    JsonReader recorder_of(const std::string& key, nlohmann::json& schema);
    JsonReader recorder_of_items(const std::string& key, nlohmann::json& schema);

    template <typename Enum>
    static std::vector<std::string> names_of(const NamedValues<Enum>& known) {
        std::vector<std::string> names;
        for (const auto& [name, value] : known) names.push_back(name);
        return names;
    }
    template <typename Enum>
    static Enum value_of(const NamedValues<Enum>& known, const std::string& wanted) {
        for (const auto& [name, value] : known) {
            if (name == wanted) return value;
        }
        return known.front().second;
    }

    const nlohmann::json* value_;  ///< null for an empty and silent reader
    std::string pointer_;
    std::shared_ptr<Source> source_;
    std::set<std::string> read_keys_;
    nlohmann::json* schema_ = nullptr;  ///< of this object, where it is recorded
};

}  // namespace npusim
