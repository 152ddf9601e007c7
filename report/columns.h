// The page's columns: a column whose values repeat is a list of its different values and a place in it for each row.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace npusim::report {

/// JSON text of a value; "null" for none. Strings that are not UTF-8 get replacement characters; '<' is escaped.
using JsonText = std::string;

/// `{"name": ..., "kind": ..., "values": [...]}`, or `"set"` and `"codes"` (-1 for null) where that is shorter.
[[nodiscard]] std::string column_json(const std::string& name, const std::string& kind,
                                      const std::vector<JsonText>& values);

/// Six significant digits, whole numbers below 2^53 exact; null when not finite.
[[nodiscard]] JsonText number_json(double value);
[[nodiscard]] JsonText text_json(const std::string& text);
[[nodiscard]] std::string list_json(const std::vector<JsonText>& values);

template <typename Items, typename Make>
[[nodiscard]] std::string list_of(const Items& items, const Make& make) {
    std::vector<JsonText> texts;
    texts.reserve(items.size());
    for (const auto& item : items) texts.push_back(make(item));
    return list_json(texts);
}

}  // namespace npusim::report
