#include "problems.h"

#include "npusim/base/error.h"

namespace npusim::design_space {

void Problems::note(const std::string& place, const std::string& message) {
    constexpr std::size_t most_problems = 100;
    if (problems_.size() < most_problems) {
        problems_.push_back(file_ + ": " + place + ": " + message);
    } else {
        ++left_out_;
    }
}

std::vector<std::string> Problems::lines() const {
    std::vector<std::string> lines = problems_;
    if (left_out_ > 0) lines.push_back(file_ + ": and " + std::to_string(left_out_) + " problems more");
    return lines;
}

void Problems::finish() const {
    if (!empty()) throw InputError(lines());
}

void Problems::finish(const JsonReader& reader) const {
    std::vector<std::string> all = lines();
    try {
        reader.finish();
    } catch (const InputError& error) {
        all.insert(all.begin(), error.what());
    }
    if (!all.empty()) throw InputError(all);
}

}  // namespace npusim::design_space
