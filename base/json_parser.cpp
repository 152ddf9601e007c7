// Strict parsing: a first pass over the events finds every fault, a second one, which cannot fail, builds the value.
#include <algorithm>

#include "npusim/base/error.h"
#include "npusim/base/files.h"
#include "npusim/base/json_reader.h"

namespace npusim {
namespace {

constexpr std::size_t most_levels = 100;
constexpr std::size_t longest_reason = 240;

std::string line_and_column(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return "line " + std::to_string(line) + ", column " + std::to_string(offset - line_start + 1);
}

/// The library's reason without its exception id and its own count of lines. The reason quotes the text, which may be
/// long or not UTF-8.
std::string reason_of(const nlohmann::json::exception& error) {
    std::string reason = error.what();
    for (const std::string_view marker : {"] ", ", column "}) {
        const std::size_t found = reason.find(marker);
        if (found != std::string::npos) reason.erase(0, found + marker.size());
    }
    if (const std::size_t digits = reason.find_first_not_of("0123456789"); digits > 0 && digits != std::string::npos) {
        reason.erase(0, reason.find_first_not_of(": ", digits));
    }
    std::replace_if(
        reason.begin(), reason.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
    if (reason.size() > longest_reason) reason = reason.substr(0, longest_reason) + "...";
    return reason;
}

/// Sees every event of the text: finds keys given twice, too deep a nesting and syntax errors.
class StrictnessCheck : public nlohmann::json_sax<nlohmann::json> {
public:
    StrictnessCheck(std::string_view text, const std::string& file) : text_(text), file_(file) {}

    void finish() const {
        if (!problems_.empty()) throw InputError(problems_);
    }

    bool null() override { return value(); }
    bool boolean(bool) override { return value(); }
    bool number_integer(number_integer_t) override { return value(); }
    bool number_unsigned(number_unsigned_t) override { return value(); }
    bool number_float(number_float_t, const string_t&) override { return value(); }
    bool string(string_t&) override { return value(); }
    bool binary(binary_t&) override { return value(); }
    bool start_object(std::size_t) override { return enter(); }
    bool start_array(std::size_t) override { return enter(); }
    bool end_object() override { return leave(); }
    bool end_array() override { return leave(); }

    bool key(string_t& name) override {
        Level& level = levels_.back();
        level.in_object = true;
        level.key = name;
        if (!level.keys.insert(name).second) problems_.push_back(file_ + ": " + pointer() + ": the key is given twice");
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) override {
        const std::size_t offset = std::min(position > 0 ? position - 1 : 0, text_.size());
        throw InputError(file_, line_and_column(text_, offset), reason_of(error));
    }

private:
    /// An object or array that is being read, and where in it the reading is.
    struct Level {
        bool in_object = false;
        std::set<std::string> keys;
        std::string key;
        std::size_t elements_begun = 0;
    };

    bool value() {
        if (!levels_.empty()) ++levels_.back().elements_begun;
        return true;
    }
    bool enter() {
        value();
        levels_.emplace_back();
        if (levels_.size() <= most_levels) return true;
        throw InputError(file_, "", "is nested deeper than " + std::to_string(most_levels) + " levels");
    }
    bool leave() {
        levels_.pop_back();
        return true;
    }

    [[nodiscard]] std::string pointer() const {
        nlohmann::json::json_pointer pointer;
        for (const Level& level : levels_) {
            if (level.in_object) {
                pointer.push_back(level.key);
            } else {
                pointer.push_back(std::to_string(level.elements_begun - 1));
            }
        }
        return pointer.to_string();
    }

    std::string_view text_;
    const std::string& file_;
    std::vector<Level> levels_;
    std::vector<std::string> problems_;
};

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& file) {
    StrictnessCheck check(text, file);
    nlohmann::json::sax_parse(text.begin(), text.end(), &check);
    check.finish();
    return nlohmann::json::parse(text.begin(), text.end());
}

nlohmann::json read_json_file(const std::filesystem::path& path) {
    return parse_json(read_text_file(path), path.string());
}

}  // namespace npusim
