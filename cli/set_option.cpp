#include "cli/set_option.h"

#include <algorithm>
#include <cctype>

#include "npusim/base/json_reader.h"

namespace npusim::cli {
namespace {

/// A text that needs no quotes: a name or a path, which no number or broken JSON looks like.
bool is_bare_word(const std::string& text) {
    const auto is_part = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' || c == '/';
    };
    return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), is_part);
}

}  // namespace

OptionRow set_option() {
    return {"set", "FIELD=VALUE", "change a field of the chip, e.g. /array/rows=32 (as often as wanted)", true};
}

FieldSettings read_settings(OptionReader& reader) {
    FieldSettings settings;
    for (const std::string& text : reader.texts("set")) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            reader.problem("set", "\"" + text + "\" is not FIELD=VALUE, such as /array/rows=32");
            continue;
        }
        const std::string field = text.substr(0, equals);
        const std::string value = text.substr(equals + 1);
        if (nlohmann::json::accept(value)) {
            try {
                settings.emplace_back(field, parse_json(value, field));
            } catch (const InputError& error) {
                reader.problem("set", error.what());
            }
        } else if (is_bare_word(value)) {
            settings.emplace_back(field, value);
        } else {
            reader.problem("set", field + ": \"" + value + "\" is neither JSON nor a word (other texts need quotes)");
        }
    }
    return settings;
}

}  // namespace npusim::cli
