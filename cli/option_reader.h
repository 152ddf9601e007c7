// Reads the words of a command line against a table of options and gathers all problems.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "npusim/base/error.h"
#include "npusim/models/quantization/precision.h"

namespace npusim::cli {

/// One option of a command.
struct OptionRow {
    const char* name;
    const char* argument;  ///< null for a switch
    const char* text;
    bool repeatable = false;  ///< may be given more than once
};
struct OptionGroup {
    const char* title;
    std::vector<OptionRow> rows;
};

class OptionReader {
public:
    /// Throws InputError for an unknown option (with the nearest), one given twice or one without its value.
    OptionReader(const std::vector<OptionGroup>& groups, const std::vector<std::string>& words);

    [[nodiscard]] bool has(const std::string& name) const { return values_.contains(name) || lists_.contains(name); }
    /// Words that belong to no option.
    [[nodiscard]] const std::vector<std::string>& words() const { return words_; }
    [[nodiscard]] std::string text(const std::string& name, const std::string& fallback = "");
    /// Every value of a repeatable option, in the order given.
    [[nodiscard]] std::vector<std::string> texts(const std::string& name) const;
    std::optional<std::int64_t> integer(const std::string& name, std::int64_t low, std::int64_t high);
    std::optional<double> number(const std::string& name, double low, double high);
    template <typename Enum>
    void choice(const std::string& name, const std::vector<Enum>& allowed, nlohmann::json& object,
                const std::string& key) {
        if (!has(name)) return;
        std::vector<std::string> names;
        names.reserve(allowed.size());
        for (const Enum value : allowed) names.emplace_back(name_of(value));
        object[key] = one_of(name, names);
    }
    /// The option's value, which is one of the names; notes a problem when it is not.
    std::string one_of(const std::string& name, const std::vector<std::string>& names);
    void bits(const std::string& name, const std::string& value, nlohmann::json& field);
    void problem(const std::string& name, const std::string& message) {
        problems_.push_back("option --" + name + ": " + message);
    }
    [[nodiscard]] bool has_problems() const { return !problems_.empty(); }
    /// Notes a problem when the folder that `path` would be written to is not there, or `path` is a folder.
    void check_output_file(const std::string& name, const std::string& path);
    /// Throws InputError with all problems, if there are any.
    void finish() const {
        if (!problems_.empty()) throw InputError(problems_);
    }

private:
    std::map<std::string, std::string> values_;
    std::map<std::string, std::vector<std::string>> lists_;  ///< of the repeatable options
    std::vector<std::string> words_;
    std::vector<std::string> problems_;
};

/// The options that read_precision reads.
[[nodiscard]] OptionGroup precision_options(const char* title);
/// --bits, --layer-bits, --residual-bits, --first-last-bits, --scales, --granularity, --batch-norm and --rounding, as
/// fields of a "precision" object.
void read_precision(OptionReader& reader, nlohmann::json& precision);

}  // namespace npusim::cli
