#include "npusim/base/error.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace npusim {
namespace {

std::string placed(std::string_view file, std::string_view place, std::string_view message) {
    std::string text(file);
    if (!place.empty()) text.append(": ").append(place);
    return text.append(": ").append(message);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({substituted, row[j] + 1, row[j - 1] + 1}));
        }
    }
    return row.back();
}

}  // namespace

InputError::InputError(const std::string& message) : std::runtime_error(message) {}

InputError::InputError(std::string_view file, std::string_view place, std::string_view message)
    : std::runtime_error(placed(file, place, message)) {}

InputError::InputError(const std::vector<std::string>& problems) : std::runtime_error(join(problems, "\n")) {}

std::vector<std::string> nearest_names(std::string_view word, const std::vector<std::string>& candidates,
                                       std::size_t most) {
    std::vector<std::pair<std::size_t, std::string>> ranked;
    ranked.reserve(candidates.size());
    for (const auto& candidate : candidates) ranked.emplace_back(edit_distance(word, candidate), candidate);
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> names;
    for (const auto& [distance, name] : ranked) {
        if (names.size() < most && distance <= std::max<std::size_t>(2, word.size() / 2)) names.push_back(name);
    }
    return names;
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
    std::string text;
    for (const auto& word : words) {
        if (!text.empty()) text.append(separator);
        text.append(word);
    }
    return text;
}

}  // namespace npusim
