#include "label_list.h"

#include <charconv>
#include <optional>
#include <sstream>

#include "npusim/base/error.h"
#include "npusim/base/files.h"

namespace npusim {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string trimmed(const std::string& text) {
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string::npos) return "";
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// The next field of a line; `place` is left behind its separator. A doubled quote in a quoted field is a quote.
std::string next_field(const std::string& line, std::string_view separators, std::size_t& place) {
    std::string field;
    bool quoted = false;
    for (; place < line.size(); ++place) {
        const char c = line[place];
        if (c == '"') {
            const bool doubled = quoted && place + 1 < line.size() && line[place + 1] == '"';
            if (doubled) field += line[place++];
            if (!doubled) quoted = !quoted;
        } else if (!quoted && separators.find(c) != std::string_view::npos) {
            break;
        } else {
            field += c;
        }
    }
    ++place;
    return trimmed(field);
}

std::optional<std::int64_t> number_in(const std::string& text) {
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

void Problems::add(const std::string& file, const std::string& place, const std::string& message) {
    if (lines_.size() < kMost) {
        lines_.push_back(file + ": " + (place.empty() ? "" : place + ": ") + message);
    } else {
        ++left_out_;
    }
}

void Problems::report() const {
    if (lines_.empty()) return;
    std::vector<std::string> all = lines_;
    if (left_out_ > 0) all.push_back("and " + std::to_string(left_out_) + " problems more");
    throw InputError(all);
}

std::vector<std::string> read_lines(const std::filesystem::path& path) {
    std::vector<std::string> lines;
    std::istringstream text(read_text_file(path));
    for (std::string line; std::getline(text, line);) lines.push_back(trimmed(line));
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
}

std::vector<LabelLine> read_label_list(const std::filesystem::path& path, Problems& problems) {
    const std::string_view separators = path.extension() == ".csv" ? "," : " \t";
    std::vector<LabelLine> entries;
    const std::vector<std::string> lines = read_lines(path);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].empty()) continue;
        std::size_t place = 0;
        const std::string file = next_field(lines[i], separators, place);
        std::string label;
        // Several blanks between two columns make empty fields.
        while (label.empty() && place < lines[i].size()) {
            label = next_field(lines[i], separators, place);
            if (separators == ",") break;
        }
        const auto number = number_in(label);
        if (number && !file.empty()) {
            entries.push_back({i + 1, file, *number});
        } else if (i > 0) {
            problems.add(path.string(), "line " + std::to_string(i + 1),
                         file.empty() ? "names no file" : "label \"" + label + "\" is no number");
        }
    }
    return entries;
}

}  // namespace npusim
