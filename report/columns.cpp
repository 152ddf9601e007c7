#include "columns.h"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace npusim::report {
namespace {

constexpr double kExactIntegersBelow = 9007199254740992.0;  // 2^53

std::string shortest(double value) {
    std::array<char, 64> text{};
    char* const end = text.data() + text.size();
    if (std::abs(value) < kExactIntegersBelow && std::trunc(value) == value) {
        return {text.data(), std::to_chars(text.data(), end, static_cast<std::int64_t>(value)).ptr};
    }
    return {text.data(), std::to_chars(text.data(), end, value).ptr};
}

}  // namespace

JsonText number_json(double value) {
    constexpr int digits = 6;
    if (!std::isfinite(value)) return "null";
    if (std::abs(value) < kExactIntegersBelow && std::trunc(value) == value) return shortest(value);
    std::array<char, 64> text{};
    const auto rounded =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, digits);
    double read = 0;
    std::from_chars(text.data(), rounded.ptr, read);
    return shortest(read);
}

JsonText text_json(const std::string& text) {
    const std::string plain = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    std::string safe;
    safe.reserve(plain.size());
    for (const char c : plain) safe += c == '<' ? std::string("\\u003c") : std::string(1, c);
    return safe;
}

std::string list_json(const std::vector<JsonText>& values) {
    std::string text = "[";
    for (const JsonText& value : values) {
        if (text.size() > 1) text += ',';
        text += value;
    }
    return text + "]";
}

std::string column_json(const std::string& name, const std::string& kind, const std::vector<JsonText>& values) {
    std::vector<JsonText> set;
    std::vector<JsonText> codes;
    std::unordered_map<std::string, std::size_t> code_of;
    codes.reserve(values.size());
    for (const JsonText& value : values) {
        if (value == "null") {
            codes.emplace_back("-1");
            continue;
        }
        const auto [found, fresh] = code_of.try_emplace(value, set.size());
        if (fresh) set.push_back(value);
        codes.push_back(std::to_string(found->second));
    }
    const std::string plain = "\"values\":" + list_json(values);
    const std::string coded = "\"set\":" + list_json(set) + ",\"codes\":" + list_json(codes);
    return R"({"name":)" + text_json(name) + R"(,"kind":)" + text_json(kind) + "," +
           (coded.size() < plain.size() ? coded : plain) + "}";
}

}  // namespace npusim::report
